namespace KadOrleans.Cli;

internal static class SizeCommand
{
    // The error falls with the square root: 25 lookups with k = 20 give about 5 %.
    private const int DefaultLookups = 25;
    private const int MostLookups = 1_000;
    private const int AtOnce = 4;

    public static Command Create(CommandIo io)
    {
        var lookups = new NumberOption("--lookups", "Lookups of random ids", NetworkSizeEstimator.MinLookups, MostLookups, DefaultLookups);
        var via = new ViaOption();
        return new ExampleCommand("size", "Estimate how many nodes the network has.")
        {
            Examples = ["kad size --via 127.0.0.1:8468", "kad size --via node.example.org:8468 --lookups 100 --json"],
            Notes = "In a larger network the nodes found lie nearer to random ids. Four times the lookups halve the error.",
        }.With(via, lookups).Runs(async (parsed, json, cancellationToken) =>
        {
            var count = lookups.Read(parsed);
            var estimator = await new NetworkSession(io, json).RunAsync(
                via.Read(parsed), $"Looking up {count} random ids…", engine => LookUpAsync(engine, count, cancellationToken), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            var printer = new ResultPrinter(io, json);
            return estimator.Estimate() is not { } estimate
                ? printer.Fail(
                    ExitCode.Failed,
                    $"No estimate: {estimator.Count} of {count} lookups reached their target; {NetworkSizeEstimator.MinLookups} are needed.",
                    new JsonObject { ["nodes"] = null, ["standardError"] = null, ["lookups"] = estimator.Count })
                : printer.Print(NetworkSizeJson.Create(estimate)!, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{estimate.Nodes:N0} nodes, ± {estimate.StandardError:N0} (standard error), by {estimate.Lookups} lookups"));
        });
    }

    private static async Task<NetworkSizeEstimator> LookUpAsync(DhtNode engine, int lookups, CancellationToken cancellationToken)
    {
        var estimator = new NetworkSizeEstimator(null, lookups);
        for (var left = lookups; left > 0; left -= AtOnce)
        {
            var outcomes = await NetworkSession.LookUpRandomAsync(engine, Math.Min(left, AtOnce), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var outcome in outcomes.Where(o => o.Reason == TerminationReason.Converged))
            {
                estimator.Add(outcome.Target, outcome.Closest, new KademliaOptions().BucketSize);
            }
        }

        return estimator;
    }
}
