namespace KadOrleans.Cli;

internal sealed class Pinger(DhtNode engine)
{
    /// <summary>One target's response: its first, or the failure of its last endpoint.</summary>
    public Task<Pinged> PingAsync(Target target, CancellationToken cancellationToken) => target.AskAsync(
        async (endpoint, enough) => new Pinged(target, endpoint, await engine.PingAsync(endpoint, enough)),
        static pinged => pinged.Result.Answered,
        cancellationToken);

    // Every target's response. Once one has answered, the others get grace more: one node is enough.
    public async Task<IReadOnlyList<Pinged>> PingAllAsync(
        IReadOnlyList<Target> targets, TimeSpan grace, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var results = await Task.WhenAll(targets.Select(async target =>
        {
            try
            {
                var pinged = await PingAsync(target, over.Token);
                if (pinged.Result.Answered)
                {
                    over.CancelAfter(grace);
                }

                return pinged;
            }
            catch (OperationCanceledException)
            {
                return new Pinged(target, target.Endpoints[0], new PingResult(null, RequestFailure.TimedOut, TimeSpan.Zero));
            }
        }));
        cancellationToken.ThrowIfCancellationRequested();
        return results;
    }
}

internal sealed record Pinged(Target Target, UdpEndpoint Endpoint, PingResult Result)
{
    /// <summary>Whether a node answered. A client has no id and leads to no network.</summary>
    public bool IsNode => Result.Id is not null;

    public string Problem =>
        $"{Name} {(Result.Failure is { } failure ? Describe(failure) : "answered without an id: it is a client, not a node")}.";

    private string Name => Target.Text == Endpoint.ToString() ? Target.Text : $"{Target.Text} ({Endpoint})";

    private static string Describe(RequestFailure failure) => failure switch
    {
        RequestFailure.Unreachable => "cannot be reached: the system does not send to it",
        RequestFailure.Malformed => "sent a malformed response to a ping",
        RequestFailure.TimedOut or RequestFailure.Cancelled => "did not answer a ping",
    };
}
