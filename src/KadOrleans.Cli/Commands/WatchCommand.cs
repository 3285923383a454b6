namespace KadOrleans.Cli;

internal static class WatchCommand
{
    private const int DefaultSeconds = 5;
    private const int MostSeconds = 86_400;

    public static Command Create(CommandIo io)
    {
        var (key, via) = (new KeyArgument(), new ViaOption());
        var interval = new NumberOption("--interval", "Seconds between two gets", 1, MostSeconds, DefaultSeconds, Numbers.Seconds);
        return new ExampleCommand("watch", "Print the value of a key, and each change of it, until Ctrl-C.")
        {
            Examples = ["kad watch greeting --via 127.0.0.1:8468", "kad watch greeting --interval 60 --via 127.0.0.1:8468 --json"],
            Notes = "The value is got again and again, so that of two changes within an interval the last one shows. "
                + "GET /v1/keys/KEY/events of a server tells at once.",
        }.With(key.Key, key.Digest, interval, via).Runs(async (parsed, json, cancellationToken) =>
        {
            var requested = key.Read(parsed);
            var pause = TimeSpan.FromSeconds(interval.Read(parsed));
            var printer = new ResultPrinter(io, json);
            try
            {
                // Nothing is shown while it runs, as it has no end of its own.
                return await new NetworkSession(io, json: true).RunAsync(
                    via.Read(parsed), string.Empty, engine => WatchAsync(engine, requested, pause, printer, io, cancellationToken), cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return ExitCode.Done;
            }
        });
    }

    private static async Task<int> WatchAsync(
        DhtNode engine, RequestedKey key, TimeSpan pause, ResultPrinter printer, CommandIo io, CancellationToken cancellationToken)
    {
        for (var (shown, isFirst) = (default(DhtValue?), true); ; isFirst = false)
        {
            var result = await engine.GetAsync(key.Digest, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            if (LookupText.ExitCodeOf(result.Lookup) == ExitCode.Unreachable)
            {
                printer.Say($"Nobody answers, so that '{key}' may have another value; it is asked for again in {pause.TotalSeconds} s.");
            }
            else if (isFirst || result.Value != shown)
            {
                shown = result.Value;
                Print(printer, key, shown, LookupSummary.Of(result.Lookup));
            }

            await io.PauseAsync(pause, cancellationToken);
        }
    }

    private static void Print(ResultPrinter printer, RequestedKey key, DhtValue? value, LookupSummary? lookup) => printer.Print(
        value is { } held
            ? ResultJson.Of(KeyResult.Of(key, held, lookup))
            : ResultJson.Of(new { Key = key.Text, Digest = $"{key.Digest}", Lookup = lookup }),
        value is { } shown ? shown.ToString() : "(no value)");
}
