"""Runs the DAG's file without Airflow, on stand-ins that accept only the keyword names that Airflow accepts.

    try_dag.py commands MASTER PARAM=VALUE...    prints the words of each spark-submit, in order: one JSON list per line
    try_dag.py gate PARAM=VALUE...               runs the gate on the metrics.json of the run
    try_dag.py refuse                            shows that an unknown keyword name is refused

The stand-ins are only as strict as this check needs. The words are in the order in which the provider's hook puts them.
"""

from __future__ import annotations

import json
import pathlib
import re
import runpy
import sys
import types
from datetime import datetime, timezone

DATE = datetime(2026, 1, 2, tzinfo=timezone.utc)
DAG_FILE = pathlib.Path(__file__).with_name("siglip_compare.py")

OF_EVERY_TASK = {"task_id", "retries", "retry_delay", "execution_timeout", "pool", "queue", "trigger_rule", "depends_on_past"}
OF_SUBMIT = OF_EVERY_TASK | {
    "application", "conf", "conn_id", "files", "py_files", "archives", "driver_class_path", "jars", "java_class", "packages",
    "exclude_packages", "repositories", "total_executor_cores", "executor_cores", "executor_memory", "driver_memory", "keytab",
    "principal", "proxy_user", "name", "num_executors", "status_poll_interval", "application_args", "env_vars", "verbose",
    "spark_binary", "properties_file", "yarn_queue", "deploy_mode", "use_krb5ccache", "post_submit_commands",
}  # fmt: skip
RENDERED = {"application", "conf", "name", "application_args", "env_vars", "properties_file"}
OF_DAG = {"dag_id", "schedule", "start_date", "catchup", "max_active_runs", "default_args", "params", "tags", "description"}


def check(given: dict, known: set[str], what: str) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise TypeError(f"{what} has no parameter {', '.join(unknown)}")


class Task:
    """Knows which tasks come after it."""

    def __init__(self, task_id: str) -> None:
        self.task_id, self.after = task_id, []
        DAG.tasks.append(self)

    def __rshift__(self, other: Task) -> Task:
        self.after.append(other.task_id)
        return other


class SparkSubmitOperator(Task):
    def __init__(self, **given: object) -> None:
        check(given, OF_SUBMIT, "SparkSubmitOperator")
        super().__init__(str(given["task_id"]))
        self.given = given

    def words(self, master: str, params: dict) -> list[str]:
        given = {key: render(value, params) if key in RENDERED else value for key, value in self.given.items()}
        words = ["spark-submit", "--master", master]
        for key, value in given.get("conf", {}).items():
            words += ["--conf", f"{key}={value}"]
        for option in ("executor-cores", "executor-memory", "driver-memory", "name", "java-class", "deploy-mode"):
            if (key := option.replace("-", "_")) in given:
                words += [f"--{option.removeprefix('java-')}", str(given[key])]
        return [*words, given["application"], *given["application_args"]]


class PythonTask(Task):
    def __init__(self, function: object, arguments: tuple) -> None:
        super().__init__(function.__name__)
        self.function, self.arguments = function, arguments


def task(**given: object):
    check(given, OF_EVERY_TASK, "@task")
    return lambda function: lambda *arguments: PythonTask(function, arguments)


class DAG:
    tasks: list[Task] = []

    def __init__(self, **given: object) -> None:
        check(given, OF_DAG, "DAG")
        check(given["default_args"], OF_EVERY_TASK, "default_args")
        DAG.params = {key: param.value for key, param in given["params"].items()}

    def __enter__(self) -> DAG:
        return self

    def __exit__(self, *failure: object) -> None:
        pass


class Param:
    def __init__(self, value: object, *, type: str, description: str = "") -> None:
        self.value = value


def render(template: object, params: dict) -> object:
    """Knows the few templates that the file uses; any other is an error."""
    if isinstance(template, list):
        return [render(each, params) for each in template]
    if isinstance(template, dict):
        return {key: render(value, params) for key, value in template.items()}

    def value(found: re.Match) -> str:
        expression, _, how = (part.strip() for part in found[1].partition("|"))
        dag_run = types.SimpleNamespace(run_after=DATE)
        names = {"__builtins__": {}, "params": types.SimpleNamespace(**params), "logical_date": None, "dag_run": dag_run}
        result = eval(expression, names)
        return {"": str, "ds_nodash": lambda day: day.strftime("%Y%m%d")}[how](result)

    return re.sub(r"\{\{(.*?)\}\}", value, template) if isinstance(template, str) else template


def load() -> None:
    """Runs the file, with the stand-ins in place of Airflow."""
    for name in ("airflow", "airflow.providers", "airflow.providers.apache", "airflow.providers.apache.spark",
                 "airflow.providers.apache.spark.operators"):  # fmt: skip
        sys.modules[name] = types.ModuleType(name)
    sdk = types.ModuleType("airflow.sdk")
    sdk.DAG, sdk.Param, sdk.task, sdk.ObjectStoragePath = DAG, Param, task, pathlib.Path
    operators = types.ModuleType("airflow.providers.apache.spark.operators.spark_submit")
    operators.SparkSubmitOperator = SparkSubmitOperator
    sys.modules[sdk.__name__], sys.modules[operators.__name__] = sdk, operators
    runpy.run_path(str(DAG_FILE))


def main(arguments: list[str]) -> None:
    load()
    order = [(each.task_id, each.after) for each in DAG.tasks]
    if order != [("validate", ["compare"]), ("compare", ["gate"]), ("gate", [])]:
        raise AssertionError(f"tasks and their order: {order}")
    params = DAG.params | dict(each.split("=", 1) for each in arguments if "=" in each)
    check(params, set(DAG.params), "the DAG")
    if arguments[0] == "refuse":
        try:
            SparkSubmitOperator(task_id="x", executor_memori="1g")
        except TypeError as refusal:
            print(refusal)
    elif arguments[0] == "commands":
        for each in DAG.tasks[:2]:
            print(json.dumps(each.words(arguments[1], params)))
    else:
        gate = DAG.tasks[2]
        print(json.dumps(gate.function(*render(list(gate.arguments), params))))


if __name__ == "__main__":
    main(sys.argv[1:])
