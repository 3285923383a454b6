using KadOrleans.Node.Ports;

namespace KadOrleans.PortContracts;

/// <summary>What an <see cref="INodeStateStore"/> that lasts brings back when it is opened again.</summary>
public abstract class NodeStateStoreDurabilityContract
{
    protected abstract NodeStateStoreHost CreateHost();

    [Fact]
    public async Task The_state_saved_last_is_loaded_after_reopening()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync();
        await store.SaveAsync(NodeStates.WithoutContacts);
        await store.SaveAsync(NodeStates.WithContacts);

        await host.CloseAsync();
        store = await host.OpenAsync();

        NodeStates.AssertEqual(NodeStates.WithContacts, await store.LoadAsync());
    }

    [Fact]
    public async Task A_shorter_state_leaves_no_contacts_of_a_longer_one()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync();
        await store.SaveAsync(NodeStates.WithContacts);
        var shorter = NodeStates.WithContacts with { Contacts = [.. NodeStates.WithContacts.Contacts.Skip(2)] };
        await store.SaveAsync(shorter);

        await host.CloseAsync();
        store = await host.OpenAsync();

        NodeStates.AssertEqual(shorter, await store.LoadAsync());
    }

    [Fact]
    public async Task Nothing_is_loaded_after_reopening_if_nothing_was_saved()
    {
        await using var host = CreateHost();
        await host.OpenAsync();

        await host.CloseAsync();

        Assert.Null(await (await host.OpenAsync()).LoadAsync());
    }
}
