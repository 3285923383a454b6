namespace KadOrleans.Lab;

/// <summary>One datagram of each kind from a source that was never seen and stays silent, over IPv4 and IPv6: what it draws.</summary>
internal sealed class AmplificationAttack
{
    private static readonly TimeSpan LastPings = TimeSpan.FromSeconds(5);

    private readonly ForgedRequests _requests = new(new CryptographicRandomSource());
    private readonly List<object> _calls = [];
    private int _endpoints;

    public async Task<object> RunAsync()
    {
        await using var node = await NodeUnderTest.StartAsync();
        await node.AddContactsAsync(3);
        await DrawAsync(node, "3 contacts");
        await node.AddContactsAsync(30);
        await DrawAsync(node, "33 contacts");
        return new { Calls = _calls };
    }

    private async Task DrawAsync(NodeUnderTest node, string table)
    {
        var peers = new List<(string Name, int Sent, CountingPeer Peer)>();
        foreach (var isIPv4 in new[] { true, false })
        {
            foreach (var (call, datagram) in AmplificationTrial.Calls(_requests, NodeId.Random(new CryptographicRandomSource())))
            {
                var peer = NodeUnderTest.PeerAt(NextEndpoint(isIPv4), PeerAnswers.None);
                peers.Add(($"{call}, {table}, {(isIPv4 ? "IPv4" : "IPv6")}", datagram.Length, peer));
                peer.Send(datagram, isIPv4 ? node.IPv4 : node.IPv6);
            }
        }

        await Task.Delay(LastPings);
        foreach (var (name, sent, peer) in peers)
        {
            var ratio = Math.Round(peer.ReceivedBytes / (double)sent, 3);
            _calls.Add(new { Call = name, In = sent, Out = peer.ReceivedBytes, Datagrams = peer.Datagrams, Ratio = ratio });
            await peer.DisposeAsync();
        }
    }

    // 11.200.0.0/16 and on, a /24 for each, and long addresses of IPv6.
    private UdpEndpoint NextEndpoint(bool isIPv4)
    {
        var index = _endpoints++;
        return isIPv4
            ? UdpEndpoint.FromIPv4(0x0BC8_00FE + ((uint)index << 8), 47_123)
            : UdpEndpoint.Parse($"[2a0e:1234:{0x5678 + index:x}:9abc:def0:1234:5678:9abc]:47123");
    }
}
