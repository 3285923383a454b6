namespace KadOrleans.Cli;

internal static class PingCommand
{
    public static Command Create(CommandIo io)
    {
        var host = new Argument<string>("HOST:PORT") { Description = "The address to ping." };
        return new ExampleCommand("ping", "Ping an address, and print the id of the node there.")
        {
            Examples = ["kad ping 127.0.0.1:8468", "kad ping node.example.org:8468 --json"],
        }.With(host).Runs(async (parsed, json, cancellationToken) =>
        {
            var targets = await Target.ResolveAsync("HOST:PORT", [parsed.GetValue(host)!], io, cancellationToken);
            await using var client = await EphemeralClient.StartAsync(targets, cancellationToken);
            var pinged = await new Progress(io, json).ShowAsync(
                () => "Waiting for a response…", () => new Pinger(client.Engine).PingAsync(targets[0], cancellationToken));
            return Print(new ResultPrinter(io, json), pinged);
        });
    }

    private static int Print(ResultPrinter printer, Pinged pinged)
    {
        var milliseconds = Math.Round(pinged.Result.RoundTrip.TotalMilliseconds, 3);
        var json = new JsonObject
        {
            ["answered"] = pinged.Result.Answered,
            ["target"] = pinged.Target.Text,
            ["endpoint"] = pinged.Endpoint.ToString(),
            ["id"] = pinged.Result.Id?.ToString(),
            ["roundTripMilliseconds"] = pinged.Result.Answered ? milliseconds : null,
        };
        if (!pinged.Result.Answered)
        {
            return printer.Fail(ExitCode.Unreachable, pinged.Problem, json);
        }

        var who = pinged.Result.Id is { } id ? $"id {id}" : "a client without an id";
        return printer.Print(json, string.Create(CultureInfo.InvariantCulture, $"{pinged.Endpoint} answered in {milliseconds:0.###} ms: {who}"));
    }
}
