using KadOrleans.Node.Ports;

namespace KadOrleans.PortContracts;

/// <summary>What every <see cref="INodeStateStore"/> does.</summary>
public abstract class NodeStateStoreContract
{
    protected abstract NodeStateStoreHost CreateHost();

    [Fact]
    public async Task Nothing_is_loaded_before_something_was_saved()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync();

        Assert.Null(await store.LoadAsync());
    }

    [Fact]
    public async Task A_state_comes_back_with_its_contacts_in_their_order()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync();

        await store.SaveAsync(NodeStates.WithContacts);

        NodeStates.AssertEqual(NodeStates.WithContacts, await store.LoadAsync());
    }

    [Fact]
    public async Task A_save_replaces_the_whole_state()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync();
        await store.SaveAsync(NodeStates.WithContacts);

        await store.SaveAsync(NodeStates.WithoutContacts);

        NodeStates.AssertEqual(NodeStates.WithoutContacts, await store.LoadAsync());
    }

    [Fact]
    public async Task What_was_saved_does_not_change_with_the_list_of_the_caller()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync();
        var contacts = NodeStates.WithContacts.Contacts.ToList();
        await store.SaveAsync(NodeStates.WithContacts with { Contacts = contacts });

        contacts.Clear();

        NodeStates.AssertEqual(NodeStates.WithContacts, await store.LoadAsync());
    }

    [Fact]
    public async Task Saves_that_overlap_leave_one_of_their_states_whole()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync();
        var states = Enumerable.Range(1, 20).Select(i => new NodeState(
            StoredValues.Key(i), [.. NodeStates.WithContacts.Contacts.Take(i % 5)])).ToList();

        await Task.WhenAll(states.Select(state => Task.Run(async () => await store.SaveAsync(state))));

        var held = await store.LoadAsync();
        NodeStates.AssertEqual(Assert.Single(states, state => state.Id == held?.Id), held);
    }
}
