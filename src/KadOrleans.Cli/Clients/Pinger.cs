using KadOrleans.Core;
using KadOrleans.Node;

namespace KadOrleans.Cli.Clients;

/// <summary>
/// Asks every address of several targets who is there. A name may have addresses on which nobody listens, so the
/// first answer of a target ends the wait for its others.
/// </summary>
internal sealed class Pinger(DhtNode engine)
{
    /// <summary>One target's answer: its first, or the failure of its last address.</summary>
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
    /// Every target's answer. Once one has answered, the others get <paramref name="patience"/> more: whoever asks
    /// through several nodes needs one.
    /// </summary>
    public async Task<IReadOnlyList<Pinged>> PingAllAsync(
        IReadOnlyList<Target> targets, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var results = await Task.WhenAll(targets.Select(async target =>
        {
            var pinged = await PingOrGiveUpAsync(target, over.Token);
            if (pinged.Result.Answered)
            {
                over.CancelAfter(patience);
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

/// <summary>What came of pinging a target.</summary>
/// <param name="Target">Whom it was.</param>
/// <param name="Endpoint">Which of its addresses this is about.</param>
/// <param name="Result">What came back.</param>
internal sealed record Pinged(Target Target, UdpEndpoint Endpoint, PingResult Result)
{
    /// <summary>Whether a node answered; a client has no id and cannot be asked through.</summary>
    public bool IsNode => Result.Id is not null;

    /// <summary>One sentence why no node is there.</summary>
    public string Problem => $"{Name} {Result.Failure switch
    {
        null => "answered without an id: it is a client, not a node",
        RequestFailure.Unreachable => "cannot be reached from here: the system would not send to it",
        RequestFailure.Malformed => "answered with something that is no answer to a ping",
        _ => "did not answer a ping",
    }}.";

    private string Name => Target.Text == Endpoint.ToString() ? Target.Text : $"{Target.Text} ({Endpoint})";
}
