namespace KadOrleans.Lab;

/// <summary>What every <see cref="INodeStateStore"/> does.</summary>
public abstract class NodeStateStoreContract : StoreSuite<INodeStateStore>
{
    [Fact]
    public async Task Nothing_is_loaded_before_something_was_saved() => Assert.Null(await Store.LoadAsync());

    [Fact]
    public async Task A_save_replaces_the_whole_state_with_its_contacts_in_their_order()
    {
        foreach (var state in (NodeState[])[NodeStates.WithContacts, NodeStates.WithoutContacts, NodeStates.WithContacts])
        {
            await Store.SaveAsync(state);

            NodeStates.AssertEqual(state, await Store.LoadAsync());
        }
    }

    [Fact]
    public async Task What_was_saved_does_not_change_with_the_list_of_the_caller()
    {
        var (contacts, known) = (NodeStates.WithContacts.Contacts.ToList(), NodeStates.WithContacts.Known.ToList());
        await Store.SaveAsync(NodeStates.WithContacts with { Contacts = contacts, Known = known });

        contacts.Clear();
        known.Clear();

        NodeStates.AssertEqual(NodeStates.WithContacts, await Store.LoadAsync());
    }

    [Fact]
    public async Task Saves_that_overlap_leave_one_of_their_states_whole()
    {
        var states = Enumerable.Range(1, 20).Select(i => new NodeState(
            StoredValues.Key(i), [.. NodeStates.WithContacts.Contacts.Take(i % 5)])
        { Known = i % 5 == 4 ? NodeStates.WithContacts.Known : [] }).ToList();

        await Task.WhenAll(states.Select(state => Task.Run(async () => await Store.SaveAsync(state))));

        var held = await Store.LoadAsync();
        NodeStates.AssertEqual(Assert.Single(states, state => state.Id == held?.Id), held);
    }
}

/// <summary>What an <see cref="INodeStateStore"/> that lasts brings back when it is opened again.</summary>
public abstract class NodeStateStoreDurabilityContract : NodeStateStoreContract
{
    [Fact]
    public async Task The_state_saved_last_is_loaded_after_reopening_without_contacts_of_a_longer_one()
    {
        var shorter = NodeStates.WithContacts with { Contacts = [.. NodeStates.WithContacts.Contacts.Skip(2)] };
        foreach (var state in (NodeState[])[NodeStates.WithoutContacts, NodeStates.WithContacts, shorter])
        {
            await Store.SaveAsync(state);
        }

        await ReopenAsync();

        NodeStates.AssertEqual(shorter, await Store.LoadAsync());
    }
}

public abstract class NodeStateStoreHost : StoreHost<INodeStateStore>;

/// <summary>Node states for the contracts.</summary>
public static class NodeStates
{
    private static readonly Contact[] Contacts =
    [
        new(NodeId.MaxValue, UdpEndpoint.Parse("[2001:db8::ffff]:65535")),
        new(NodeId.FromKey("b"), UdpEndpoint.Parse("192.0.2.200:1")),
        new(NodeId.MinValue, UdpEndpoint.Parse("[::1]:8468")),
        new(NodeId.FromKey("a"), UdpEndpoint.Parse("255.255.255.254:8468")),
    ];

    /// <summary>A state with contacts of both address families, in an order that sorting would change; of two of them more is known.</summary>
    public static NodeState WithContacts { get; } = new(NodeId.FromKey("node"), Contacts)
    {
        Known =
        [
            new KnownContact(Contacts[1], false, Samples.Now.AddMilliseconds(-77_777_777), Samples.Now.AddMilliseconds(-1), 0),
            new KnownContact(Contacts[3], false, Samples.Now.AddYears(-1), Samples.Now, 0) { IsFormer = true },
        ],
    };

    public static NodeState WithoutContacts { get; } = new(NodeId.MinValue, []);

    /// <summary>Holds two states against each other, contacts in order.</summary>
    public static void AssertEqual(NodeState expected, NodeState? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Id, actual.Id);
        Assert.Equal(expected.Contacts, actual.Contacts);
        Assert.Equal(expected.Known.Where(known => expected.Contacts.Contains(known.Contact)), actual.Known);
    }
}
