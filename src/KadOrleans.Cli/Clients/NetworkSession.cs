using KadOrleans.Cli.Output;
using KadOrleans.Node;

namespace KadOrleans.Cli.Clients;

/// <summary>Does something with a network through the nodes of <c>--via</c>.</summary>
internal sealed class NetworkSession(CommandIo io, bool json)
{
    // For nodes that are slower than the first; with one node in reach the rest of the network is found.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>Joins as a client, acts, leaves.</summary>
    /// <param name="via">As typed.</param>
    /// <param name="title">What is being done, for the progress line.</param>
    /// <param name="act">What is done once joined.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CommandException">None of the nodes answers; the message says of the last why, and those before it were told.</exception>
    public async Task<T> RunAsync<T>(
        IReadOnlyList<string> via, string title, Func<DhtNode, Task<T>> act, CancellationToken cancellationToken)
    {
        var targets = await Target.ResolveAsync("--via", via, io, cancellationToken);
        await using var client = await EphemeralClient.StartAsync(targets, cancellationToken);
        return await new Progress(io, json).ShowAsync(title, async () =>
        {
            await JoinAsync(client.Engine, targets, cancellationToken);
            return await act(client.Engine);
        });
    }

    private async Task JoinAsync(DhtNode engine, Target[] targets, CancellationToken cancellationToken)
    {
        var pinged = await new Pinger(engine).PingAllAsync(targets, Patience, cancellationToken);
        var problems = pinged.Where(p => !p.IsNode).Select(p => $"--via: {p.Problem}").ToList();
        var isAlone = problems.Count == pinged.Count;
        foreach (var problem in isAlone ? problems.SkipLast(1) : problems)
        {
            io.Say(problem);
        }

        if (isAlone)
        {
            throw CommandException.Failed(problems[^1]);
        }

        await engine.BootstrapAsync(pinged.Where(p => p.IsNode).Select(p => p.Endpoint.ToString()), cancellationToken);
    }
}
