using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using KadOrleans.Cli;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Commands;
using KadOrleans.Cli.Output;
using KadOrleans.ClusterCli.Clients;
using KadOrleans.Core;

namespace KadOrleans.ClusterCli.Commands;

/// <summary><c>kad-cluster key</c>: one key in full, its value, and its deletion. Its <c>get</c> and <c>set</c> are commands of their own too.</summary>
internal static class KeyCommands
{
    private const string Group = "kad-cluster key";

    private const string Top = "kad-cluster";

    public static Command Create(CommandIo io) => KeysCommand.Create(io, new ExampleCommand("key", "List keys; look at one, get or set its value, or delete it.")
    {
        Examples = ["kad-cluster key --data kad-data", "kad-cluster key show greeting --data kad-data", "kad-cluster key delete greeting --data kad-data"],
    }.With(Show(io), Get(io, Group), Set(io, Group), Delete(io)));

    /// <summary><c>kad-cluster get</c>, the same as <c>key get</c>.</summary>
    public static Command Get(CommandIo io) => Get(io, Top);

    /// <summary><c>kad-cluster set</c>, the same as <c>key set</c>.</summary>
    public static Command Set(CommandIo io) => Set(io, Top);

    private static Command Show(CommandIo io)
    {
        var key = new KeyArgument();
        return ApiCommand.Create(
            io,
            key.AddTo(new ExampleCommand("show", "Show what is held of a key, and what the nearest nodes hold now.")
            {
                Examples = ["kad-cluster key show greeting --data kad-data", "kad-cluster key show --digest 356a192b7913b04c54574d18c28d46e6395428ab --json --data kad-data"],
            }),
            parsed => ApiRequest.Get(key.PathOf(parsed)),
            Print);
    }

    private static Command Get(CommandIo io, string path)
    {
        var key = new KeyArgument();
        return ApiCommand.Create(
            io,
            key.AddTo(new ExampleCommand("get", "Get the value of a key, from here or from the network.")
            {
                Examples = [$"{path} get greeting --data kad-data", $"{path} get greeting --json --data kad-data"],
            }),
            parsed => ApiRequest.Get(key.PathOf(parsed, "/value")),
            static (printer, result) => printer.Line(result.Text("text")));
    }

    private static Command Set(CommandIo io, string path)
    {
        var words = new Argument<string[]>("KEY VALUE")
        {
            Description = "The key and its value; with --digest the value alone. Bytes in hexadecimal.",
            Arity = new ArgumentArity(0, 2),
        };
        var digest = CommonOptions.Digest();
        var type = new Option<string>("--type")
        {
            Description = "string, int, float, bool or bytes.",
            HelpName = "TYPE",
            DefaultValueFactory = _ => "string",
        };
        var life = new Option<string?>("--life")
        {
            Description = "How long the value lives; it is not published again. It replaces what strangers stored and what ends sooner.",
            HelpName = "SECONDS",
        };
        return ApiCommand.Create(
            io,
            new ExampleCommand("set", "Store a value and publish it again each day, or for some time.")
            {
                Examples =
                [
                    $"{path} set greeting hello --data kad-data",
                    $"{path} set answer 42 --type int --data kad-data",
                    $"{path} set session token --life 3600 --data kad-data",
                    $"{path} set --digest 356a192b7913b04c54574d18c28d46e6395428ab --type int --data kad-data -- -7",
                ],
            }.With(words, digest, type, life),
            parsed =>
            {
                var (key, value) = Split(parsed.GetValue(words)!, parsed.GetValue(digest));
                return new ApiRequest(
                    HttpMethod.Put,
                    PathOf(key, parsed.GetValue(digest), "/value", parsed.GetValue(life)),
                    new JsonObject { ["type"] = parsed.GetValue(type), ["value"] = ValueOf(parsed.GetValue(type)!, value) });
            },
            static (printer, result) => printer.Line(SetSentence(result)));
    }

    private static (string? Key, string Value) Split(string[] words, string? digest) => (words, digest) switch
    {
        ([var value], not null) => (null, value),
        ([var key, var value], null) => (key, value),
        ([], null) => throw CommandException.WrongUsage("No key is given; KEY or --digest HEX is needed."),
        ([], not null) => throw CommandException.WrongUsage("No value is given; VALUE is needed."),
        ([var key], null) => throw CommandException.WrongUsage($"The key '{VisibleText.Excerpt(key)}' has no VALUE; KEY VALUE or --digest HEX VALUE is needed."),
        _ => throw CommandException.WrongUsage(
            $"Both the key '{VisibleText.Excerpt(words[0])}' and --digest '{VisibleText.Excerpt(digest!)}' are given; one of them is needed."),
    };

    private static Command Delete(CommandIo io)
    {
        var key = new KeyArgument();
        return ApiCommand.Create(
            io,
            key.AddTo(new ExampleCommand("delete", "Remove a key from here and stop publishing it. Copies of other nodes stay until they expire.")
            {
                Examples = ["kad-cluster key delete greeting --data kad-data", "kad-cluster key delete --digest 356a192b7913b04c54574d18c28d46e6395428ab --data kad-data"],
            }),
            parsed => new ApiRequest(HttpMethod.Delete, key.PathOf(parsed)),
            static (printer, result) => printer.Line(
                $"Deleted: it {(IsTrue(result, "wasHeld") ? "was" : "was not")} held, and {(IsTrue(result, "wasPublished") ? "was" : "was not")} published."));
    }

    // A copy here may be missing: a node keeps one only if it is among the nearest.
    private static string SetSentence(JsonObject result)
    {
        var others = result.Count("stored", "other node");
        var places = (IsTrue(result, "isHeld"), result.Text("stored")) switch
        {
            (true, "0") => "Stored here",
            (true, _) => $"Stored here and on {others}",
            _ => $"Stored on {others}",
        };
        return $"{places}{(IsTrue(result, "isPublished") ? ", and published again each day" : string.Empty)}.";
    }

    private static bool IsTrue(JsonObject result, string field) => result.Text(field) == "true";

    // The server says what is wrong with a text that is no such value.
    private static JsonValue ValueOf(string type, string text) => type switch
    {
        "float" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        "bool" when text is "true" or "false" => JsonValue.Create(text == "true"),
        _ => JsonValue.Create(text),
    };

    private static void Print(ResultPrinter printer, JsonObject result)
    {
        var held = result["held"];
        string[][] fields =
        [
            ["digest", result.Text("digest")],
            ["value", held is null ? "none is held here" : held["value"].Text("text")],
            ["type", held?["value"].Text("type") ?? string.Empty],
            ["stored", held.Text("storedAt")],
            ["expires", held.Text("expiresAt")],
            ["source", held.Text("source")],
            ["published", result.Text("publishedAt") is { Length: > 0 } published ? published : "not from here"],
        ];
        printer.Table(["field", "content"], [.. fields.Where(field => field[1].Length > 0)]);
        printer.Table(
            ["near node", "endpoint", "holds"],
            [.. result.List("nearest").Select(node => new[] { node.Text("id"), node.Text("endpoint"), node.Text("holds") })]);
        if (result.Text("networkProblem") is { Length: > 0 } problem)
        {
            printer.Note(problem);
        }
    }

    /// <summary>The path of a key, or of a part of it.</summary>
    private static string PathOf(string? key, string? digest, string part, string? life = null)
    {
        var id = Keys.Choose(key, digest);
        return $"/v1/admin/keys/{(key is null ? id : Uri.EscapeDataString(key))}{part}{ApiRequest.QueryOf(("as", key is null ? "digest" : null), ("life", life))}";
    }

    /// <summary>A key as text or digest.</summary>
    internal sealed class KeyArgument
    {
        private readonly Argument<string?> _key = new("KEY") { Description = "The key.", Arity = ArgumentArity.ZeroOrOne };
        private readonly Option<string?> _digest = CommonOptions.Digest();

        public ExampleCommand AddTo(ExampleCommand command)
        {
            command.Add(_key);
            command.Add(_digest);
            return command;
        }

        public bool IsGiven(ParseResult parsed) => parsed.GetValue(_key) is not null || parsed.GetValue(_digest) is not null;

        public string PathOf(ParseResult parsed, string part = "") =>
            KeyCommands.PathOf(parsed.GetValue(_key), parsed.GetValue(_digest), part);
    }
}
