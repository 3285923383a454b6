using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cli;

internal sealed class NetworkSession(CommandIo io, bool json)
{
    // Extra time for nodes that are slower than the first. One node is enough to find the rest of the network.
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(500);

    /// <summary>Joins as a client, acts, and leaves. The title is the progress line's.</summary>
    public async Task<T> RunAsync<T>(
        NamedNodes via, string title, Func<DhtNode, Task<T>> act, CancellationToken cancellationToken)
    {
        var targets = await Target.ResolveAsync(via.Name, via.Nodes, io, cancellationToken);
        await using var client = await EphemeralClient.StartAsync(targets, cancellationToken);
        return await new Progress(io, json).ShowAsync(() => title, async () =>
        {
            await JoinAsync(client.Engine, via.Name, targets, cancellationToken);
            return await act(client.Engine);
        });
    }

    // As RunAsync, and checks whether the contacts nearest to the lookup's target are crowded. That needs an estimate of the network's
    // size. A client that has just joined has none, so it looks up random ids meanwhile. A command that fails gives no warning.
    public async Task<T> RunJudgedAsync<T>(
        NamedNodes via,
        string title,
        Func<DhtNode, Task<T>> act,
        Func<T, Func<LookupOutcome, LookupOutcome>, T> judge,
        Func<T, LookupOutcome?> lookupOf,
        CancellationToken cancellationToken)
    {
        var result = await RunAsync(via, title, ActAsync, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (!json && lookupOf(result) is { } lookup && LookupText.DescribeCrowd(lookup) is { } warning)
        {
            io.Say(warning);
        }

        return result;

        async Task<T> ActAsync(DhtNode engine)
        {
            var sizing = LookUpRandomAsync(engine, 2 * NetworkSizeEstimator.MinLookups, cancellationToken);
            var done = await act(engine);
            await Task.WhenAny(sizing, Task.Delay(Timeout, cancellationToken));
            return judge(done, engine.CountCrowded);
        }
    }

    public static Task<LookupOutcome[]> LookUpRandomAsync(DhtNode engine, int count, CancellationToken cancellationToken)
    {
        var random = new CryptographicRandomSource();
        return Task.WhenAll(Enumerable.Range(0, count).Select(_ => engine.FindNodeAsync(NodeId.Random(random), cancellationToken)));
    }

    private async Task JoinAsync(DhtNode engine, string name, IReadOnlyList<Target> targets, CancellationToken cancellationToken)
    {
        var pinged = await new Pinger(engine).PingAllAsync(targets, Timeout, cancellationToken);
        var problems = pinged.Where(p => !p.IsNode).Select(p => $"{name}: {p.Problem}").ToList();
        var isAlone = problems.Count == pinged.Count;
        foreach (var problem in isAlone ? problems.SkipLast(1) : problems)
        {
            io.Say(problem);
        }

        if (isAlone)
        {
            throw CommandException.Unreachable(problems[^1]);
        }

        await engine.BootstrapAsync(pinged.Where(p => p.IsNode).Select(p => p.Endpoint.ToString()), cancellationToken);
    }
}

/// <summary>Clients for the length of one command. They send requests, other nodes do not take them for nodes, and they keep nothing.</summary>
public static class EphemeralClient
{
    private const string IPv4 = "0.0.0.0:0";
    private const string Both = "[::]:0";

    public static Task<KadNode> StartAsync(IEnumerable<Target> targets, CancellationToken cancellationToken) =>
        StartAsync(targets.SelectMany(target => target.Endpoints).All(endpoint => endpoint.IsIPv4) ? IPv4 : Both, cancellationToken);

    public static async Task<KadNode> StartOnAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await StartAsync(Both, cancellationToken);
        }
        catch (TransportException)
        {
            return await StartAsync(IPv4, cancellationToken);
        }
    }

    private static async Task<KadNode> StartAsync(string listen, CancellationToken cancellationToken)
    {
        var node = await KadNode.CreateBuilder(options => options.ClientOnly = true).UseUdp(listen).BuildAsync();
        try
        {
            await node.StartAsync(cancellationToken);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }
}
