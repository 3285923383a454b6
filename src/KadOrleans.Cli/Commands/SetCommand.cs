using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Clients;
using KadOrleans.Cli.Output;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad set</c>: stores a value on the nodes nearest to its key.</summary>
internal static class SetCommand
{
    public static Command Create(CommandIo io)
    {
        var words = new Argument<string[]>("KEY VALUE")
        {
            Description = "The key and its value; with --digest the value alone. Bytes in hexadecimal.",
            Arity = new ArgumentArity(1, 2),
        };
        var type = new Option<string>("--type")
        {
            Description = $"The value's type: {Values.TypeNames}.",
            HelpName = "TYPE",
            DefaultValueFactory = _ => "string",
        };
        var (digest, via, json) = (CommonOptions.Digest(), CommonOptions.Via(), CommonOptions.Json());
        var command = new ExampleCommand(
            "set",
            "Store a value on the nodes nearest to its key. It lives there for their time to live, a week by default: this command does not come back to publish it again.")
        {
            Examples =
            [
                "kad set greeting hello --via 127.0.0.1:8468",
                "kad set answer 42 --type int --via node.example.org:8468 --json",
                "kad set --type int --via 127.0.0.1:8468 --digest 356a192b7913b04c54574d18c28d46e6395428ab -- -7",
            ],
        };
        command.Add(words);
        command.Add(digest);
        command.Add(type);
        command.Add(via);
        command.Add(json);
        command.SetAction((parsed, cancellationToken) =>
        {
            var (key, text) = Split(parsed.GetValue(words)!, parsed.GetValue(digest));
            return RunAsync(
                io,
                Keys.Choose(key, parsed.GetValue(digest)),
                key,
                Values.Parse(parsed.GetValue(type)!, text),
                parsed.GetValue(via)!,
                parsed.GetValue(json),
                cancellationToken);
        });
        return command;
    }

    private static (string? Key, string Value) Split(string[] words, string? digest) => (words, digest) switch
    {
        ([var value], not null) => (null, value),
        ([var key, var value], null) => (key, value),
        ([var key], null) => throw CommandException.WrongUsage($"The key '{key}' has no VALUE; KEY VALUE, or --digest HEX VALUE, is needed."),
        _ => throw CommandException.WrongUsage($"Both the key '{words[0]}' and --digest '{digest}' are given; one of them is needed."),
    };

    private static async Task<int> RunAsync(
        CommandIo io, NodeId digest, string? key, DhtValue value, string[] via, bool json, CancellationToken cancellationToken)
    {
        var result = await new NetworkSession(io, json).RunAsync(
            via, "Storing the value…", engine => engine.SetAsync(digest, value, cancellationToken), cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        Print(new ResultPrinter(io, json), digest, key, value, result);
        return result.Succeeded ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Print(ResultPrinter printer, NodeId digest, string? key, DhtValue value, SetResult result)
    {
        var outcome = $"contacts that took the value: {result.Stored}, refused it: {result.Refused}, did not answer: {result.Failed}";
        if (printer.IsJson)
        {
            printer.Json(new JsonObject
            {
                ["stored"] = result.Stored,
                ["refused"] = result.Refused,
                ["failed"] = result.Failed,
                ["key"] = key,
                ["digest"] = digest.ToString(),
                ["type"] = DhtValueText.TypeName(value.Kind),
                ["lookup"] = result.Lookup is { } lookup ? LookupText.ToJson(lookup) : null,
            });
        }
        else if (result.Succeeded)
        {
            printer.Line($"stored {digest}: {outcome}");
        }

        if (!result.Succeeded)
        {
            printer.Note($"Not stored: {outcome}{(result.Lookup is { } lookup ? $"; {LookupText.Describe(lookup)}" : ".")}");
        }
    }
}
