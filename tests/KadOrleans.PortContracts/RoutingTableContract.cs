using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Node.Ports;
using KadOrleans.Testing;

namespace KadOrleans.PortContracts;

/// <summary>What every <see cref="IRoutingTable"/> makes of observations, at once or after a while.</summary>
public abstract class RoutingTableContract
{
    /// <summary>Small buckets, never split far from the own id; a contact goes at its first failure.</summary>
    public static KademliaOptions Options { get; } = new() { BucketSize = 4, SplitDepth = 1, FailuresBeforeDrop = 1 };

    /// <summary>An id no other test uses; the contacts' ids are in the other half of the space.</summary>
    protected NodeId OwnId { get; } = new([.. Guid.NewGuid().ToByteArray().Prepend((byte)0), 1, 1, 1]);

    protected abstract RoutingTableHost CreateHost();

    [Fact]
    public async Task It_begins_without_contacts_and_knows_its_id()
    {
        await using var host = CreateHost();
        var table = await host.OpenAsync(OwnId, new ListenerLog());

        Assert.Equal(OwnId, table.Snapshot.OwnId);
        Assert.Equal(0, table.Snapshot.Count);
    }

    [Fact]
    public async Task A_contact_that_answered_shows_in_the_snapshot_and_is_told_as_added()
    {
        await using var host = CreateHost();
        var log = new ListenerLog();
        var table = await host.OpenAsync(OwnId, log);

        table.Observe(ContactObservation.Answered(Contact(1)));

        await Eventually.IsTrueAsync(() => table.Snapshot.Contacts.Contains(Contact(1)) && log.Added.Count > 0);
        Assert.Equal([Contact(1)], log.Added);
    }

    [Fact]
    public async Task A_contact_that_answers_again_is_added_once()
    {
        await using var host = CreateHost();
        var log = new ListenerLog();
        var table = await host.OpenAsync(OwnId, log);

        table.Observe(ContactObservation.Answered(Contact(1)));
        await Eventually.IsTrueAsync(() => log.Added.Count == 1);
        table.Observe(ContactObservation.Answered(Contact(1)));
        table.Observe(ContactObservation.Answered(Contact(2)));

        await Eventually.IsTrueAsync(() => log.Added.Contains(Contact(2)) && table.Snapshot.Count == 2);
        Assert.Equal([Contact(1), Contact(2)], log.Added);
    }

    [Fact]
    public async Task A_contact_that_fails_leaves_and_one_that_answers_again_comes_back()
    {
        await using var host = CreateHost();
        var log = new ListenerLog();
        var table = await host.OpenAsync(OwnId, log);
        table.Observe(ContactObservation.Answered(Contact(1)));
        table.Observe(ContactObservation.Answered(Contact(2)));
        await Eventually.IsTrueAsync(() => table.Snapshot.Count == 2);

        table.Observe(ContactObservation.Failed(Contact(1)));
        await Eventually.IsTrueAsync(() => table.Snapshot.Count == 1);
        Assert.Equal([Contact(2)], table.Snapshot.Contacts);

        table.Observe(ContactObservation.Answered(Contact(1)));
        await Eventually.IsTrueAsync(() => table.Snapshot.Contacts.Contains(Contact(1)) && log.Added.Count == 3);
    }

    [Fact]
    public async Task Observations_of_one_contact_count_in_their_order()
    {
        await using var host = CreateHost();
        var log = new ListenerLog();
        var table = await host.OpenAsync(OwnId, log);

        table.Observe(ContactObservation.Answered(Contact(1)));
        table.Observe(ContactObservation.Failed(Contact(1)));
        table.Observe(ContactObservation.Answered(Contact(2)));
        table.Observe(ContactObservation.Failed(Contact(2)));
        table.Observe(ContactObservation.Answered(Contact(2)));

        await Eventually.IsTrueAsync(() => log.Added.Count == 3 && table.Snapshot.Count == 1);
        Assert.Equal([Contact(2)], table.Snapshot.Contacts);
    }

    [Fact]
    public async Task A_newcomer_to_a_full_bucket_has_the_least_recently_seen_contact_checked_and_takes_its_place()
    {
        await using var host = CreateHost();
        var log = new ListenerLog();
        var table = await host.OpenAsync(OwnId, log);
        var contacts = Enumerable.Range(1, Options.BucketSize).Select(Contact).ToList();
        contacts.ForEach(contact => table.Observe(ContactObservation.Answered(contact)));
        await Eventually.IsTrueAsync(() => table.Snapshot.Count == contacts.Count);

        await host.AdvanceAsync(TimeSpan.FromMinutes(10));
        var newcomer = Contact(100);
        table.Observe(ContactObservation.Answered(newcomer));
        await Eventually.IsTrueAsync(() => log.Checks.Count > 0);
        Assert.Equal([contacts[0]], log.Checks);
        Assert.DoesNotContain(newcomer, table.Snapshot.Contacts);

        table.Observe(ContactObservation.Failed(contacts[0]));
        await Eventually.IsTrueAsync(() => table.Snapshot.Contacts.Contains(newcomer) && log.Added.Contains(newcomer));
        Assert.DoesNotContain(contacts[0], table.Snapshot.Contacts);
    }

    [Fact]
    public async Task The_own_id_is_never_a_contact()
    {
        await using var host = CreateHost();
        var log = new ListenerLog();
        var table = await host.OpenAsync(OwnId, log);

        table.Observe(ContactObservation.Answered(Contact(1) with { Id = OwnId }));
        table.Observe(ContactObservation.Answered(Contact(2)));

        await Eventually.IsTrueAsync(() => table.Snapshot.Count > 0 && log.Added.Count > 0);
        Assert.Equal([Contact(2)], table.Snapshot.Contacts);
        Assert.Equal([Contact(2)], log.Added);
    }

    [Fact]
    public async Task Lookups_and_failures_of_strangers_are_taken_and_change_no_contact()
    {
        await using var host = CreateHost();
        var log = new ListenerLog();
        var table = await host.OpenAsync(OwnId, log);

        table.Observe(ContactObservation.LookedUp(Contact(1).Id));
        table.Observe(ContactObservation.LookedUp(OwnId));
        table.Observe(ContactObservation.Failed(Contact(3)));
        table.Observe(ContactObservation.Answered(Contact(2)));

        await Eventually.IsTrueAsync(() => table.Snapshot.Count > 0 && log.Added.Count > 0);
        Assert.Equal([Contact(2)], table.Snapshot.Contacts);
        Assert.Equal([Contact(2)], log.Added);
        Assert.Empty(log.Checks);
    }

    [Fact]
    public async Task Observations_from_many_threads_all_count()
    {
        await using var host = CreateHost();
        var log = new ListenerLog();
        var table = await host.OpenAsync(OwnId, log);
        var contacts = Enumerable.Range(1, Options.BucketSize).Select(Contact).ToList();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => contacts.ForEach(contact =>
        {
            table.Observe(ContactObservation.LookedUp(contact.Id));
            table.Observe(ContactObservation.Answered(contact));
        }))));

        await Eventually.IsTrueAsync(() => table.Snapshot.Count == contacts.Count && log.Added.Count == contacts.Count);
        Assert.Equal(contacts.ToHashSet(), table.Snapshot.Contacts.ToHashSet());
    }

    /// <summary>A contact of a subnet of its own, in the half of the space that is not the own id's.</summary>
    protected static Contact Contact(int number)
    {
        var id = new byte[NodeId.Length];
        (id[0], id[1], id[^1]) = (0x80, (byte)number, 7);
        return new Contact(new NodeId(id), UdpEndpoint.FromIPv4(0x0800_0001 + ((uint)number << 16), 4000));
    }
}
