using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Clients;
using KadOrleans.Cli.Output;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Hosting.Results;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad set</c>: stores a value on the nodes nearest to its key.</summary>
internal static class SetCommand
{
    public static Command Create(CommandIo io)
    {
        var words = new Argument<string[]>("KEY VALUE")
        {
            Description = "The key and its value; with --digest the value alone, with --file the key alone. Bytes in hexadecimal.",
            Arity = new ArgumentArity(0, 2),
        };
        var type = new Option<string>("--type")
        {
            Description = $"The value's type: {Values.TypeNames}.",
            HelpName = "TYPE",
            DefaultValueFactory = _ => "string",
        };
        var file = new Option<string?>("--file")
        {
            Description = "Read the value from this file in place of VALUE; - is the standard input. With --type bytes the file's bytes as they are.",
            HelpName = "PATH",
        };
        var life = new Option<string?>("--life")
        {
            Description = "How long the value lives, a week by default. It replaces what strangers stored and what ends sooner.",
            HelpName = "SECONDS",
        };
        var (digest, via, json) = (CommonOptions.Digest(), CommonOptions.Via(), CommonOptions.Json());
        var command = new ExampleCommand(
            "set",
            "Store a value on the nodes nearest to its key. It lives there for a week by default; this command does not publish it again.")
        {
            Examples =
            [
                "kad set greeting hello --via 127.0.0.1:8468",
                "kad set answer 42 --type int --via node.example.org:8468 --json",
                "kad set session token --life 3600 --via 127.0.0.1:8468",
                "kad set picture --type bytes --file picture.png --via 127.0.0.1:8468",
                "date | kad set now --file - --via 127.0.0.1:8468",
                "kad set --type int --via 127.0.0.1:8468 --digest 356a192b7913b04c54574d18c28d46e6395428ab -- -7",
            ],
        };
        command.Add(words);
        command.Add(digest);
        command.Add(type);
        command.Add(file);
        command.Add(life);
        command.Add(via);
        command.Add(json);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (key, text) = Split(parsed.GetValue(words)!, parsed.GetValue(digest), parsed.GetValue(file));
            var value = text is null
                ? await Values.ReadAsync(parsed.GetValue(type)!, parsed.GetValue(file)!, io.OpenInput, cancellationToken)
                : Values.Parse(parsed.GetValue(type)!, text);
            return await RunAsync(
                io,
                Keys.Choose(key, parsed.GetValue(digest)),
                key,
                value,
                parsed.GetValue(life) is { } seconds ? TimeSpan.FromSeconds(Numbers.ParseWhole("--life", seconds, 1, StoreRules.MaxLifeSeconds)) : null,
                parsed.GetValue(via)!,
                parsed.GetValue(json),
                cancellationToken);
        });
        return command;
    }

    // VALUE is null where a file has it.
    private static (string? Key, string? Value) Split(string[] words, string? digest, string? file) => (words, digest, file) switch
    {
        ([var value], not null, null) => (null, value),
        ([var key, var value], null, null) => (key, value),
        ([], not null, not null) => (null, null),
        ([var key], null, not null) => (key, null),
        ([], null, _) => throw CommandException.WrongUsage("No key is given; KEY or --digest HEX is needed."),
        ([], not null, null) => throw CommandException.WrongUsage("No value is given; VALUE or --file PATH is needed."),
        ([var key], null, null) => throw CommandException.WrongUsage(
            $"The key '{key}' has no VALUE; KEY VALUE, --digest HEX VALUE, or --file PATH, is needed."),
        ([_, var value], null, { } path) => throw CommandException.WrongUsage(
            $"Both VALUE '{VisibleText.Excerpt(value)}' and --file '{path}' are given; one of them is needed."),
        _ => throw CommandException.WrongUsage($"Both the key '{words[0]}' and --digest '{digest}' are given; one of them is needed."),
    };

    private static async Task<int> RunAsync(
        CommandIo io, NodeId digest, string? key, DhtValue value, TimeSpan? life, string[] via, bool json, CancellationToken cancellationToken)
    {
        var result = await new NetworkSession(io, json).RunJudgedAsync(
            via,
            "Storing the value…",
            engine => engine.SetAsync(digest, value, life, cancellationToken),
            static (set, judge) => set.Lookup is { } lookup ? set with { Lookup = judge(lookup) } : set,
            static set => set.Succeeded ? set.Lookup : null,
            cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return Print(new ResultPrinter(io, json), digest, key, value, result);
    }

    private static int Print(ResultPrinter printer, NodeId digest, string? key, DhtValue value, SetResult result)
    {
        var outcome = $"contacts that stored the value: {result.Stored}, rejected it: {result.Refused}, did not answer: {result.Failed}";
        var json = new JsonObject
        {
            ["stored"] = result.Stored,
            ["refused"] = result.Refused,
            ["failed"] = result.Failed,
            ["key"] = key,
            ["digest"] = digest.ToString(),
            ["type"] = DhtValueText.TypeName(value.Kind),
            ["lookup"] = LookupText.ToJson(result.Lookup),
        };
        if (!result.Succeeded)
        {
            return printer.Fail(
                LookupText.ExitCodeOf(result.Lookup),
                $"Not stored: {outcome}{(result.Lookup is { } failed ? $"; {LookupText.Describe(failed)}" : ".")}",
                json);
        }

        printer.Print(json, $"stored {digest}: {outcome}");
        return ExitCode.Done;
    }
}
