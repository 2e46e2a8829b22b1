"""Triggers as SQL: plain ones, which no session setting can switch off (pgtrigger's can be). A refusal looks like a broken check
constraint, so that one map by constraint name serves them all."""


def refuse(when: str, *, why: str, constraint: str) -> str:
    """A statement of a trigger: where the condition holds, the change is refused under that constraint's name."""
    return (
        f"if {when} then raise exception '{why}' "
        f"using errcode = 'check_violation', constraint = '{constraint}', table = tg_table_name; end if;"
    )


NAMELESS = refuse("coalesce(current_setting('app.actor', true), '') = ''", why="a change without an actor", constraint="actor_named")


def trigger(name: str, *, events: str, body: str, declare: str = "") -> dict[str, str]:
    """A row trigger and its function of the same name, as `create` and `drop` of a PlainSql. `events`: "before insert or update"."""
    when, _on, condition = events.partition(" when ")
    clause = f"when {condition} " if condition else ""
    return {
        "create": f"create function {name}() returns trigger language plpgsql as $$ {declare} begin\n{body}\nend $$;\n"
        f"create trigger {name} {when} on %(table)s for each row {clause}execute function {name}()",
        "drop": f"drop trigger {name} on %(table)s; drop function {name}()",
    }
