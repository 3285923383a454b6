namespace KadOrleans.Cli;

/// <summary>Keys and values. <c>get</c> and <c>set</c> are commands of the group <c>key</c> too.</summary>
internal static class KeyCommands
{
    private const string Group = "key ";

    public static Command Create(CommandIo io) => List(io, ApiCommand.Verb(
        "key", "List keys; look at one, get or set its value, or delete it.", "key", "key show greeting", "key delete greeting")
        .With(Show(io), Get(io, Group), Set(io, Group), Delete(io, Group)));

    public static Command List(CommandIo io) => List(io, ApiCommand.Verb(
        "keys", "List keys that are held, in the order of their ids.", "keys", "keys --prefix 00ff", "keys --count 10000"));

    public static Command Publications(CommandIo io) => PagedList.Create(
        io,
        ApiCommand.Verb(
            "publications",
            "List keys that are published from here, in the order of their ids.",
            "publications", "publications --count 10000"),
        "publications",
        prefix: null,
        ("key", "digest"), ("type", "type"), ("bytes", "bytes"), ("published", "publishedAt"), ("text", "key"));

    public static Command Get(CommandIo io, string group = "")
    {
        var key = new KeyArgument();
        var raw = CommonOptions.Raw();
        var isRaw = false;
        return ApiCommand.Create(
            io,
            new ExampleCommand("get", "Get the value of a key, from here or from the network.")
            {
                Examples = ApiCommand.Examples($"{group}get greeting", $"{group}get picture --raw"),
                Notes = ResultPrinter.ValueNotes,
            }.With(key.Key, key.Digest, raw),
            parsed =>
            {
                isRaw = parsed.GetValue(raw);
                return ApiRequest.Get(PathOf(key.Read(parsed), "/value"));
            },
            (printer, result) =>
            {
                printer.Value(result.Text("type"), result.Text("text"), isRaw);
                // Of an item the network is asked also where it is held.
                if (result["lookup"] is not null && result["item"] is null)
                {
                    printer.Say("It is not held here: other nodes of the network answered.");
                }
            });
    }

    public static Command Set(CommandIo io, string group = "")
    {
        var value = new ValueArguments($"How long the value lives, 1 to {StoreRules.MaxLifeSeconds}; it is not published again. It replaces what strangers stored and what ends sooner.");
        return ApiCommand.Create(
            io,
            new ExampleCommand("set", "Store a value and publish it again each day, or for some time.")
            {
                Examples =
                [
                    .. ApiCommand.Examples($"{group}set greeting hello", $"{group}set answer 42 --type int", $"{group}set session token --life 3600"),
                    $"kad admin {group}set --digest 356a192b7913b04c54574d18c28d46e6395428ab --type int --data kad-data -- -7",
                ],
            }.With(value.All),
            async (parsed, client, cancellationToken) =>
            {
                var given = await value.ReadAsync(parsed, io, cancellationToken);
                var body = new JsonObject { ["type"] = DhtValueText.TypeName(given.Value.Kind), ["value"] = ValueJson.NodeOf(given.Value) ?? given.Value.ToString() };
                var life = given.Life is { } time ? $"{time.TotalSeconds}" : null;
                return await client.SendAsync(
                    new ApiRequest(HttpMethod.Put, PathOf(given.Key, "/value", life), body), cancellationToken);
            },
            static (printer, result) => printer.Line(SetSentence(result)));
    }

    public static string PathOf(RequestedKey key, string part = "", string? life = null)
    {
        // A path cannot name the keys . and .. by their text.
        var text = key.Text is "." or ".." ? null : key.Text;
        return $"/v1/admin/keys/{(text is null ? key.Digest : Uri.EscapeDataString(text))}{part}"
            + ApiRequest.QueryOf(("as", text is null ? "digest" : null), ("life", life));
    }

    private static Command Show(CommandIo io)
    {
        var key = new KeyArgument();
        RequestedKey asked = default;
        return ApiCommand.Create(
            io,
            OfKey("show", "Show what is held of a key, and what the nearest nodes hold now.", key),
            parsed => ApiRequest.Get(PathOf(asked = key.Read(parsed))),
            (printer, result) =>
            {
                Print(printer, result);
                if (result["held"] is null && Keys.HintOf(asked) is { } hint)
                {
                    printer.Say(hint);
                }
            });
    }

    public static Command Delete(CommandIo io, string group = "")
    {
        var key = new KeyArgument();
        return ApiCommand.Create(
            io,
            OfKey("delete", "Remove a key from here and stop publishing it. Copies of other nodes stay until they expire.", key, group),
            parsed => new ApiRequest(HttpMethod.Delete, PathOf(key.Read(parsed))),
            static (printer, result) =>
            {
                printer.Line(
                    $"Deleted: it {(result.IsTrue("wasHeld") ? "was" : "was not")} held, and {(result.IsTrue("wasPublished") ? "was" : "was not")} published.");
                printer.Say("Copies of other nodes stay until they expire, and a get may still find them.");
            });
    }

    private static ExampleCommand OfKey(string name, string description, KeyArgument key, string group = Group) => ApiCommand.Verb(
        name,
        description,
        $"{group}{name} greeting", $"{group}{name} --digest 356a192b7913b04c54574d18c28d46e6395428ab").With(key.Key, key.Digest);

    private static Command List(CommandIo io, ExampleCommand command) => PagedList.Create(
        io,
        command,
        "keys",
        CommonOptions.Text("--prefix", "HEX", "The first hexadecimal digits of the ids."),
        ("key", "digest"), ("type", "type"), ("bytes", "bytes"), ("expires", "expiresAt"), ("source", "source"), ("text", "key"));

    // A copy here may be missing: a node keeps one only if it is among the nearest.
    private static string SetSentence(JsonObject result)
    {
        var others = result.Count("stored", "other node");
        var places = (result.IsTrue("isHeld"), result.Text("stored")) switch
        {
            (true, "0") => "Stored here",
            (true, _) => $"Stored here and on {others}",
            _ => $"Stored on {others}",
        };
        var published = result.IsTrue("isPublished") ? ", and published again each day" : string.Empty;
        var notHere = result.Text("notHeld") is { Length: > 0 } why ? $" Not here: {why}." : string.Empty;
        var without = (result.Text("refused"), result.Text("failed")) is var (refused, failed) && (refused, failed) != ("0", "0")
            ? $" Contacts that rejected it: {refused}, did not answer: {failed}."
            : string.Empty;
        return $"{places}{published}.{notHere}{without}";
    }

    private static IEnumerable<(string Name, string Text)> ItemFields(JsonNode? item)
    {
        var hasOwner = item.Text("publicKey").Length > 0;
        return item is null
            ? []
            :
            [
                ("owner", hasOwner ? item.Text("publicKey") : "nobody: the key is the hash of the value"),
                ("salt", item.Text("salt") is { Length: > 0 } salt ? salt : item.Text("saltHex")),
                ("number", item.Text("seq") + (item.IsTrue("isEnd") ? ", with which the owner ended it" : string.Empty)),
                ("item", item.Text("text")),
                ("signature", !item.IsTrue("verifies") ? "does not hold" : hasOwner ? "holds" : "none is needed"),
            ];
    }

    private static void Print(ResultPrinter printer, JsonObject result)
    {
        printer.Fields([
            ("digest", result.Text("digest")),
            ("value", result["held"] is null ? "none is held here" : result.Text("held.value.text")),
            ("type", result.Text("held.value.type")),
            .. ItemFields(result["held"]?["value"]?["item"]),
            ("kept until", result.Text("held.keptUntil")),
            ("set", result.Text("held.setAt")),
            ("sent here last", result.Text("held.storedAt")),
            ("expires", result.Text("held.keptUntil") == "" ? result.Text("held.expiresAt") : ""),
            ("source", result.Text("held.source")),
            ("published", result.Text("publishedAt") is { Length: > 0 } published ? published : "not from here")]);
        printer.Rows(result.List("nearest"), ("near node", "id"), ("endpoint", "endpoint"), ("holds", "holds"));
        if (result.Text("networkProblem") is { Length: > 0 } problem)
        {
            printer.Say(problem);
        }
    }
}
