using KadOrleans.Core;
using KadOrleans.Node;

namespace KadOrleans.Cli.Clients;

/// <summary>
/// Pings every address of several targets. A name may have addresses on which nobody listens, so the first response of a target ends the
/// wait for its others.
/// </summary>
internal sealed class Pinger(DhtNode engine)
{
    /// <summary>One target's response: its first, or the failure of its last address.</summary>
    public async Task<Pinged> PingAsync(Target target, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pending = target.Endpoints.Select(e => PingOneAsync(target, e, enough.Token)).ToList();
        var ended = default(Pinged);
        while (pending.Count > 0 && ended is not { Result.Answered: true })
        {
            var first = await Task.WhenAny(pending);
            pending.Remove(first);
            ended = await first;
        }

        await enough.CancelAsync();
        await Task.WhenAll(pending);
        cancellationToken.ThrowIfCancellationRequested();
        return ended!;
    }

    /// <summary>
    /// Every target's response. Once one has answered, the others get <paramref name="grace"/> more: one node is enough.
    /// </summary>
    public async Task<IReadOnlyList<Pinged>> PingAllAsync(
        IReadOnlyList<Target> targets, TimeSpan grace, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var results = await Task.WhenAll(targets.Select(async target =>
        {
            var pinged = await PingOrGiveUpAsync(target, over.Token);
            if (pinged.Result.Answered)
            {
                over.CancelAfter(grace);
            }

            return pinged;
        }));
        cancellationToken.ThrowIfCancellationRequested();
        return results;
    }

    private async Task<Pinged> PingOrGiveUpAsync(Target target, CancellationToken cancellationToken)
    {
        try
        {
            return await PingAsync(target, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return new Pinged(target, target.Endpoints[0], new PingResult(null, RequestFailure.TimedOut, TimeSpan.Zero));
        }
    }

    private async Task<Pinged> PingOneAsync(Target target, UdpEndpoint endpoint, CancellationToken cancellationToken) =>
        new(target, endpoint, await engine.PingAsync(endpoint, cancellationToken));
}

/// <summary>The result of pinging a target.</summary>
/// <param name="Target">The target.</param>
/// <param name="Endpoint">The address that was pinged.</param>
/// <param name="Result">The response or the failure.</param>
internal sealed record Pinged(Target Target, UdpEndpoint Endpoint, PingResult Result)
{
    /// <summary>Whether a node answered. A client has no id and leads to no network.</summary>
    public bool IsNode => Result.Id is not null;

    /// <summary>One sentence why no node is there.</summary>
    public string Problem => $"{Name} {Result.Failure switch
    {
        null => "answered without an id: it is a client, not a node",
        RequestFailure.Unreachable => "cannot be reached: the system does not send to it",
        RequestFailure.Malformed => "sent a malformed response to a ping",
        _ => "did not answer a ping",
    }}.";

    private string Name => Target.Text == Endpoint.ToString() ? Target.Text : $"{Target.Text} ({Endpoint})";
}
