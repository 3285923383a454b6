namespace KadOrleans.Tests.Node;

/// <summary>What is on its way to a slow contact undoes nothing there that was set meanwhile.</summary>
public sealed class LateCopyTests
{
    private static readonly DhtValue Old = DhtValue.FromString("old");
    private static readonly DhtValue New = DhtValue.FromString("new");
    private static readonly NodeId Key = NodeId.FromKey("key");
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(1);

    private readonly SimulatedWorld _world = new(seed: 83);

    // What the contact was sent of the key, in order. A STORE without an answer is sent twice.
    private readonly List<DhtValue> _stored = [];

    /// <summary>Its copy of the old value would live for two hours, and the new one lives for a minute.</summary>
    [Fact]
    public void A_get_leaves_no_copy_of_what_was_replaced_while_it_asked() => _world.Run(async () =>
    {
        var (node, _) = await StartAsync(TimeSpan.Zero);
        var holder = _world.AddPeer();
        holder.OnRequest = (request, id, answer) => request.Kind switch
        {
            RequestKind.FindValue => ResponseWriter.WriteValue(answer, id, Old, 600_000),
            _ => holder.AnswerPings(request, id, answer),
        };
        await node.Node.PingAsync(holder.Endpoint);
        Assert.Equal(Old, (await node.Node.GetAsync(Key)).Value);
        await _world.PassAsync(Life);
        Assert.Equal([Old], _stored);

        var get = node.Node.GetAsync(Key);
        await node.Node.SetAsync(Key, New, Life);
        await get;
        await _world.PassAsync(Life);

        Assert.Equal([Old, New], _stored);
    });

    /// <summary>The first STORE is lost with its retry. Before the second try the value is set for a minute.</summary>
    [Fact]
    public void A_hand_off_tries_nothing_again_that_was_replaced() => _world.Run(async () =>
    {
        var (node, _) = await StartAsync(TimeSpan.Zero, Old, isSilent: () => _stored.Count <= 2);
        Assert.Equal([Old], _stored);

        Assert.Equal(StoreResult.Stored, (await node.Node.SetAsync(Key, New, Life)).Local);
        await _world.PassAsync(Life);

        Assert.Equal([Old, Old, New], _stored);
    });

    /// <summary>A cluster's grain may have given the call up, and another edge have sent what was set later.</summary>
    [Fact]
    public void What_the_store_does_not_hold_any_more_is_not_sent_for_a_client() => _world.Run(async () =>
    {
        var (node, _) = await StartAsync(TimeSpan.Zero);
        await HoldAsync(node, New, SourceNetwork.Trusted);

        var result = await node.Node.Engine.SpreadAsync(Key, Old, life: null, CancellationToken.None);

        Assert.Equal((StoreResult.Superseded, 0, 0), (result.Local, result.Stored, result.Failed));
        Assert.Empty(_stored);
    });

    [Fact]
    public void What_was_set_while_another_value_went_out_is_sent_after_it() => _world.Run(async () =>
    {
        var (node, _) = await StartAsync(TimeSpan.FromSeconds(1));
        await HoldAsync(node, Old, SourceNetwork.Trusted);
        var sending = node.Node.Engine.SpreadAsync(Key, Old, life: null, CancellationToken.None);
        await _world.PassAsync(TimeSpan.FromSeconds(0.5));
        Assert.Equal([Old], _stored.Distinct());
        await HoldAsync(node, New, SourceNetwork.Trusted);

        await sending;

        Assert.Equal([Old, New], _stored.Distinct());
        Assert.Equal(New, _stored[^1]);
    });

    // A node with one contact, which answers STOREs after a time and lacks the value.
    private async Task<(SimulatedNode Node, RawPeer Contact)> StartAsync(TimeSpan delay, DhtValue? held = null, Func<bool>? isSilent = null)
    {
        var node = await _world.StartNodeAsync(Without.Walks);
        if (held is { } value)
        {
            await HoldAsync(node, value, SourceNetwork.Of(UdpEndpoint.Parse("192.0.2.1:1")));

            // What another node has just stored is not handed off.
            await _world.PassAsync(TimeSpan.FromMinutes(1));
        }

        var contact = _world.AddPeer();
        contact.OnRequest = (request, id, answer) =>
        {
            if (request.Kind != RequestKind.Store)
            {
                return request.Kind is RequestKind.FindValue or RequestKind.FindNode
                    ? ResponseWriter.WriteNodes(answer, id, [])
                    : contact.AnswerPings(request, id, answer);
            }

            _stored.Add(request.AsStore().Value);
            if (isSilent?.Invoke() != true)
            {
                _ = AnswerAsync(id);
            }

            return 0;
        };
        await node.Node.PingAsync(contact.Endpoint);

        // Its hand-off has begun, and is over if there is nothing to hand off.
        await _world.PassAsync(TimeSpan.FromSeconds(held is null ? 10 : 0.2));
        return (node, contact);

        async Task AnswerAsync(MessageId id)
        {
            await _world.PassAsync(delay);
            var buffer = new byte[Datagram.MaxLength];
            contact.Send(buffer.AsSpan(0, ResponseWriter.WriteStored(buffer, id, true)), node.Transport.Endpoint);
        }
    }

    private async Task HoldAsync(SimulatedNode node, DhtValue value, SourceNetwork source)
    {
        var now = _world.Clock.GetUtcNow();
        Assert.Equal(StoreResult.Stored, await node.Store.PutAsync(Key, new StoredValue(value, now, now + TimeSpan.FromDays(7), source)));
    }
}
