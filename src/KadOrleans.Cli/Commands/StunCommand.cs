namespace KadOrleans.Cli;

internal static class StunCommand
{
    public static Command Create(CommandIo io)
    {
        var hosts = new Argument<string[]>("HOST:PORT") { Description = "Nodes to ask; they may see different addresses.", Arity = ArgumentArity.OneOrMore };
        return new ExampleCommand("stun", "Ask nodes under which address and port they see this machine.")
        {
            Examples = ["kad stun 127.0.0.1:8468", "kad stun a.example.org:8468 b.example.org:8468 --json"],
        }.With(hosts).Runs(async (parsed, json, cancellationToken) =>
        {
            var targets = await Target.ResolveAsync("HOST:PORT", parsed.GetValue(hosts)!, io, cancellationToken);
            await using var client = await EphemeralClient.StartAsync(targets, cancellationToken);
            var answers = await new Progress(io, json).ShowAsync(
                () => "Waiting for responses…",
                () => Task.WhenAll(targets.Select(target => AskAsync(client.Engine, target, cancellationToken))));
            cancellationToken.ThrowIfCancellationRequested();
            return Print(new ResultPrinter(io, json), answers);
        });
    }

    private static async Task<(Target Target, UdpEndpoint Endpoint, UdpEndpoint? Seen)> AskAsync(
        DhtNode engine, Target target, CancellationToken cancellationToken)
    {
        var (endpoint, seen) = await target.AskAsync(
            async (endpoint, enough) => (endpoint, Seen: await engine.StunAsync(endpoint, enough)),
            static answer => answer.Seen is not null,
            cancellationToken);
        return (target, endpoint, seen);
    }

    private static int Print(ResultPrinter printer, (Target Target, UdpEndpoint Endpoint, UdpEndpoint? Seen)[] answers)
    {
        var seen = answers.Where(a => a.Seen is not null).ToList();
        var silent = answers.Where(a => a.Seen is null).Select(a => $"{a.Target.Text} did not answer.").ToList();
        var json = new JsonObject
        {
            ["agree"] = seen.Select(a => a.Seen).Distinct().Count() == 1,
            ["answers"] = new JsonArray([.. answers.Select(JsonNode? (a) => new JsonObject
            {
                ["target"] = a.Target.Text,
                ["endpoint"] = a.Endpoint.ToString(),
                ["seen"] = a.Seen?.ToString(),
            })]),
        };
        foreach (var sentence in seen.Count > 0 ? silent : silent.SkipLast(1))
        {
            printer.Say(sentence);
        }

        if (seen.Count == 0)
        {
            return printer.Fail(ExitCode.Unreachable, silent[^1], json);
        }

        return printer.Print(json, () => printer.Table(
            ["Asked", "Sees this machine as"], [.. seen.Select(a => new[] { a.Target.Text, a.Seen!.Value.ToString() })]));
    }
}
