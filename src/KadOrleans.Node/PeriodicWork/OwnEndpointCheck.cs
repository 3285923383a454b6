namespace KadOrleans.Node;

/// <summary>Asks contacts of some networks, soon after a join and then each hour, at which address they see this node.</summary>
internal sealed class OwnEndpointCheck(DhtNode node, OwnEndpoints own, IRoutingTable table, NodeEnvironment environment)
{
    /// <summary>Public subnets that are asked. Random ones: whoever has contacts beside this node's id must not be most of them.</summary>
    public const int Witnesses = 5;

    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    /// <summary>When there are more to ask than before, and fewer than all; then after twice as long each time.</summary>
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMinutes(1);

    private int _asked;
    private TimeSpan _pause = FirstRetry;

    public async Task<TimeSpan> CheckAsync(CancellationToken cancellationToken)
    {
        var contacts = table.Snapshot.Contacts.Select(contact => contact.Endpoint).Where(endpoint => !endpoint.IsLocal).ToArray();
        Shuffle(contacts);
        var asked = contacts.DistinctBy(SourceNetwork.SubnetOf).Take(Witnesses).ToList();
        var seen = await Task.WhenAll(asked.Select(endpoint => node.StunAsync(endpoint, cancellationToken)));
        cancellationToken.ThrowIfCancellationRequested();
        own.Learn([.. asked.Zip(seen).Where(answer => answer.Second is not null).Select(answer => (answer.First, answer.Second!.Value))]);
        _pause = asked.Count >= Witnesses ? Period
            : asked.Count > _asked ? FirstRetry
            : _pause * 2 < Period ? _pause * 2
            : Period;
        _asked = asked.Count;
        return _pause;
    }

    private void Shuffle(Span<UdpEndpoint> endpoints)
    {
        Span<byte> draw = stackalloc byte[sizeof(uint)];
        for (var left = endpoints.Length; left > 1; left--)
        {
            environment.Random.Fill(draw);
            var chosen = (int)(BitConverter.ToUInt32(draw) % (uint)left);
            (endpoints[left - 1], endpoints[chosen]) = (endpoints[chosen], endpoints[left - 1]);
        }
    }
}
