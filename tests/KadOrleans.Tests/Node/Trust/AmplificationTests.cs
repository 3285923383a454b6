namespace KadOrleans.Tests.Node;

/// <summary>Everything that one datagram of an unproven, silent endpoint draws is at most twice its bytes.</summary>
public sealed class AmplificationTests
{
    private static readonly NodeId Key = NodeId.FromKey("key");

    private uint _sources;
    private UdpEndpoint _last;

    public static MatrixTheoryData<int, bool> Tables => new([0, 1, 2, 3, 4, 5, 20, 60], [false, true]);

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task No_call_draws_more_than_twice_its_bytes(int contacts, bool isIPv6)
    {
        await using var ledger = new Ledger(Contacts(contacts));
        var sizes = Enumerable.Range(0, 130).Concat([250, 1_000, 4_000, 8_000]).ToList();
        foreach (var stray in sizes)
        {
            Check(ledger, ledger.Ping(), stray, isIPv6);
            Check(ledger, ledger.Stun(), stray, isIPv6);
            Check(ledger, ledger.FindNode(), stray, isIPv6);
            Check(ledger, ledger.FindValue(NodeId.Random(ledger.Random)), stray, isIPv6);
            Check(ledger, ledger.Put(Key, DhtValue.FromBytes(new byte[stray])), 0, isIPv6);

            // Stray bytes behind the question make it none.
            Check(ledger, ledger.Ping(asks: true), stray, isIPv6);
            Check(ledger, ledger.FindNode(asks: true), stray, isIPv6);
            Check(ledger, ledger.FindValue(NodeId.Random(ledger.Random), asks: true), stray, isIPv6);

            // Of a token that the node gave to this address, and of one that it did not.
            Check(ledger, ledger.Put(Key, DhtValue.FromBytes(new byte[stray]), ledger.AskForToken(NextSource(isIPv6))), 0, isIPv6, isNew: false);
            Check(ledger, ledger.Put(Key, DhtValue.FromBytes(new byte[stray]), new WriteToken(1)), 0, isIPv6);
        }

        await using var client = new Ledger([], o => o.ClientOnly = true);
        Func<byte[], int>[] calls = [client.Ping(), client.Stun(), client.FindNode(), client.FindValue(Key), client.Put(Key, true)];
        Array.ForEach(calls, call => Check(client, call, 0, isIPv6));
        foreach (var length in sizes)
        {
            var now = ledger.Clock.GetUtcNow();
            await ledger.Store.PutAsync(Key, new StoredValue(DhtValue.FromBytes(new byte[length]), now, now.AddDays(1), default));
            Check(ledger, ledger.FindValue(Key), 0, isIPv6);
        }
    }

    private void Check(Ledger ledger, Func<byte[], int> write, int strayBytes, bool isIPv6, bool isNew = true)
    {
        var source = isNew ? NewSource(isIPv6) : _last;
        var before = ledger.SentTo(source).Sum(datagram => datagram.Length);
        var request = ledger.Receive(write, source, strayBytes);
        ledger.Clock.Advance(TimeSpan.FromSeconds(15));

        var sent = ledger.SentTo(source).Sum(datagram => datagram.Length) - before;
        Assert.True(sent <= 2 * request.Length, $"{request.Length} bytes drew {sent}: {Convert.ToHexStringLower(request)}");
        Assert.NotEqual(0, sent);
    }

    // One whose former answers do not count.
    private UdpEndpoint NextSource(bool isIPv6) => _last = NewSource(isIPv6);

    // As long as addresses are written, in a network of their own each.
    private UdpEndpoint NewSource(bool isIPv6) => isIPv6
        ? UdpEndpoint.Parse($"[2a01:14f8:{++_sources + 0x1000:x}:5678:9abc:def0:1234:5678]:45678")
        : UdpEndpoint.FromIPv4(0xC8_64_64_64 + (++_sources << 8), 45_678);

    private static IEnumerable<Contact> Contacts(int count)
    {
        var random = new SeededRandomSource(5);
        for (var i = 0; i < count; i++)
        {
            var endpoint = (i % 3) switch
            {
                0 => UdpEndpoint.Parse($"[2a02:14f8:{0x1000 + i:x}:5678:9abc:def0:1234:5678]:45678"),
                1 => UdpEndpoint.Parse($"203.113.{100 + i}.121:45678"),
                _ => UdpEndpoint.Parse($"11.1.{i}.1:1"),
            };
            yield return new Contact(NodeId.Random(random), endpoint);
        }
    }
}
