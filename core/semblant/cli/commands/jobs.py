"""``semblant jobs``."""

from __future__ import annotations

from semblant.cli.groups import Group

command = Group(
    "jobs",
    "Look at jobs, cancel, resume, download or delete them.\n\nA job is named by its name, or by the id that "
    "'semblant jobs list' shows; of several jobs of one name the newest is meant.",
    {
        "list": ("jobs_look", "List the jobs, the newest first."),
        "show": ("jobs_look", "Show one job: state, tasks, tables, what was used, report."),
        "tasks": ("jobs_look", "Show the tasks of a job and their steps."),
        "columns": ("jobs_look", "Show the columns of a job: types and encodings."),
        "history": ("jobs_history", "Show the training history per table; write it as JSON or as a picture."),
        "logs": ("jobs_history", "Show the log of a job."),
        "watch": ("jobs_watch", "Watch a job live: tables, tasks, bars, losses."),
        "cancel": ("jobs_act", "Cancel a job; its destination stays as it was."),
        "stop-training": ("jobs_act", "Stop training, keep the best weights and go on to generation."),
        "resume": ("jobs_act", "Go on with a job that failed or was cancelled, from its finished steps."),
        "retry": ("jobs_act", "Do a job that failed or was cancelled again from the start."),
        "report": ("jobs_act", "Make the report of a finished job again."),
        "delete": ("jobs_act", "Delete a job with its data and report."),
        "download": ("jobs_download", "Download data, settings or logs of a job."),
    },
)
