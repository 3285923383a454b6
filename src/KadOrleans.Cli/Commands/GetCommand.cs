using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Arguments;
using KadOrleans.Cli.Clients;
using KadOrleans.Cli.Output;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Hosting.Results;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad get</c>: finds the value of a key.</summary>
internal static class GetCommand
{
    public static Command Create(CommandIo io)
    {
        var key = new Argument<string?>("KEY") { Description = "The key.", Arity = ArgumentArity.ZeroOrOne };
        var raw = new Option<bool>("--raw") { Description = "Print bytes as they are, not in hexadecimal, and text unchanged on a terminal too." };
        var (digest, via, json) = (CommonOptions.Digest(), CommonOptions.Via(), CommonOptions.Json());
        var command = new ExampleCommand("get", "Find the value of a key.")
        {
            Examples =
            [
                "kad get greeting --via 127.0.0.1:8468",
                "kad get picture --raw --via 127.0.0.1:8468 > picture.png",
                "kad get --digest 356a192b7913b04c54574d18c28d46e6395428ab --via [::1]:8468 --json",
            ],
            Notes = "Text is printed unchanged to a file or pipe. On a terminal it is one line: control characters and line breaks are shown as "
                + "␛ and the like, other invisible characters as <U+202E>. Numbers, booleans and bytes in hexadecimal end with a newline. "
                + "The standard error output says how many holders agree on the value, and how many have another one.",
        };
        command.Add(key);
        command.Add(digest);
        command.Add(raw);
        command.Add(via);
        command.Add(json);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            io,
            Keys.Choose(parsed.GetValue(key), parsed.GetValue(digest)),
            parsed.GetValue(key),
            parsed.GetValue(raw),
            parsed.GetValue(via)!,
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandIo io, NodeId digest, string? key, bool raw, string[] via, bool json, CancellationToken cancellationToken)
    {
        var result = await new NetworkSession(io, json).RunJudgedAsync(
            via,
            "Looking for the value…",
            engine => engine.GetAsync(digest, cancellationToken),
            static (got, judge) => got.Lookup is { } lookup ? got with { Lookup = judge(lookup) } : got,
            static got => got.Found ? got.Lookup : null,
            cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var printer = new ResultPrinter(io, json);
        if (result.Value is not { } value)
        {
            return printer.Fail(
                LookupText.ExitCodeOf(result.Lookup),
                $"Not found: {key ?? digest.ToString()}: {(result.Lookup is { } lookup ? LookupText.Describe(lookup) : "no lookup was made.")}",
                ToJson(digest, key, result));
        }

        if (json)
        {
            printer.Json(ToJson(digest, key, result));
        }
        else
        {
            await WriteAsync(io, value, raw, cancellationToken);
            if (result.Lookup is { } found && (found.Differed > 0 || io.IsErrorTerminal))
            {
                await io.Error.WriteLineAsync(LookupText.DescribeVote(found));
            }
        }

        return ExitCode.Done;
    }

    private static JsonObject ToJson(NodeId digest, string? key, GetResult result)
    {
        var json = new JsonObject { ["found"] = result.Found, ["key"] = key, ["digest"] = digest.ToString() };
        if (result.Value is { } value)
        {
            ValueJson.AddTo(json, value);
        }

        json["lookup"] = LookupText.ToJson(result.Lookup);
        return json;
    }

    // Output to a file has the text's bytes and no others.
    private static async Task WriteAsync(CommandIo io, DhtValue value, bool raw, CancellationToken cancellationToken)
    {
        if (value.Kind == DhtValueKind.String && io.IsOutputTerminal && !raw)
        {
            await io.Output.WriteLineAsync(VisibleText.Show(value.AsString()));
            return;
        }

        if (value.Kind == DhtValueKind.String || (raw && value.Kind == DhtValueKind.Bytes))
        {
            var content = value.Kind == DhtValueKind.String ? value.AsUtf8() : value.AsBytes();
            await io.OutputBytes.WriteAsync(content, cancellationToken);
            await io.OutputBytes.FlushAsync(cancellationToken);
            if (value.Kind == DhtValueKind.String && io.IsOutputTerminal)
            {
                await io.Output.WriteLineAsync();
            }

            return;
        }

        await io.Output.WriteLineAsync(value.ToString());
    }
}
