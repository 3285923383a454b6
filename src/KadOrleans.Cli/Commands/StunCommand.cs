using System.CommandLine;
using System.Text.Json.Nodes;
using KadOrleans.Cli.Clients;
using KadOrleans.Cli.Output;
using KadOrleans.Core;
using KadOrleans.Node;

namespace KadOrleans.Cli.Commands;

/// <summary><c>kad stun</c>: asks nodes under which address they see this machine.</summary>
internal static class StunCommand
{
    public static Command Create(CommandIo io)
    {
        var hosts = new Argument<string[]>("HOST:PORT") { Description = "Whom to ask; several may disagree.", Arity = ArgumentArity.OneOrMore };
        var json = CommonOptions.Json();
        var command = new ExampleCommand("stun", "Ask nodes under which address and port they see this machine.")
        {
            Examples = ["kad stun 127.0.0.1:8468", "kad stun a.example.org:8468 b.example.org:8468 --json"],
        };
        command.Add(hosts);
        command.Add(json);
        command.SetAction((parsed, cancellationToken) =>
            RunAsync(io, parsed.GetValue(hosts)!, parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CommandIo io, string[] hosts, bool json, CancellationToken cancellationToken)
    {
        var targets = await Target.ResolveAsync("HOST:PORT", hosts, io, cancellationToken);
        await using var client = await EphemeralClient.StartAsync(targets, cancellationToken);
        var answers = await new Progress(io, json).ShowAsync(
            "Waiting for answers…",
            () => Task.WhenAll(targets.Select(target => AskAsync(client.Engine, target, cancellationToken))));
        cancellationToken.ThrowIfCancellationRequested();
        Print(new ResultPrinter(io, json), answers);
        return answers.Any(a => a.Seen is not null) ? ExitCode.Done : ExitCode.Failed;
    }

    // The first of a name's addresses that answers speaks for it.
    private static async Task<(Target Target, UdpEndpoint Endpoint, UdpEndpoint? Seen)> AskAsync(
        DhtNode engine, Target target, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asked = target.Endpoints.Select(async endpoint => (endpoint, Seen: await engine.StunAsync(endpoint, enough.Token)));
        var last = (target.Endpoints[0], default(UdpEndpoint?));
        await foreach (var answer in Task.WhenEach(asked).WithCancellation(CancellationToken.None))
        {
            last = await answer;
            if (last.Item2 is not null)
            {
                break;
            }
        }

        await enough.CancelAsync();
        return (target, last.Item1, last.Item2);
    }

    private static void Print(ResultPrinter printer, (Target Target, UdpEndpoint Endpoint, UdpEndpoint? Seen)[] answers)
    {
        if (printer.IsJson)
        {
            var views = answers.Select(JsonNode? (a) => new JsonObject
            {
                ["target"] = a.Target.Text,
                ["endpoint"] = a.Endpoint.ToString(),
                ["seen"] = a.Seen?.ToString(),
            });
            printer.Json(new JsonObject
            {
                ["agree"] = answers.Where(a => a.Seen is not null).Select(a => a.Seen).Distinct().Count() == 1,
                ["answers"] = new JsonArray([.. views]),
            });
        }
        else if (answers.Any(a => a.Seen is not null))
        {
            printer.Table(
                ["Asked", "Sees this machine as"],
                [.. answers.Where(a => a.Seen is not null).Select(a => new[] { a.Target.Text, a.Seen!.Value.ToString() })]);
        }

        foreach (var silent in answers.Where(a => a.Seen is null))
        {
            printer.Note($"{silent.Target.Text} did not answer.");
        }
    }
}
