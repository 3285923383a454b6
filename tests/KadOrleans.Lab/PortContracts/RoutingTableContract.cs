namespace KadOrleans.Lab;

/// <summary>What every <see cref="IRoutingTable"/> makes of observations, at once or after a while.</summary>
public abstract class RoutingTableContract : IAsyncLifetime
{
    /// <summary>Small buckets, never split far from the own id; a contact goes at its first failure.</summary>
    public static KademliaOptions Options { get; } = new() { BucketSize = 4, SplitDepth = 1, FailuresBeforeDrop = 1 };

    /// <summary>An id no other test uses; the contacts' ids are in the other half of the space.</summary>
    protected NodeId OwnId { get; } = new([.. Guid.NewGuid().ToByteArray().Prepend((byte)0), 1, 1, 1]);

    private RoutingTableHost Host => field ??= CreateHost();

    private ListenerLog Log { get; } = new();

    private IRoutingTable Table { get; set; } = null!;

    protected abstract RoutingTableHost CreateHost();

    public async ValueTask InitializeAsync() => Table = await Host.OpenAsync(OwnId, Log);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_contact_that_answered_shows_in_the_snapshot_and_is_told_as_added_once()
    {
        Assert.Equal((OwnId, 0), (Table.Snapshot.OwnId, Table.Snapshot.Count));
        Table.Observe(ContactObservation.Answered(Contact(1)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Contacts.Contains(Contact(1)) && Log.Added.Count == 1);
        Table.Observe(ContactObservation.Answered(Contact(1)));
        Table.Observe(ContactObservation.Answered(Contact(2)));

        await Eventually.IsTrueAsync(() => Log.Added.Contains(Contact(2)) && Table.Snapshot.Count == 2);
        Assert.Equal([Contact(1), Contact(2)], Log.Added);
    }

    [Fact]
    public async Task A_contact_that_fails_leaves_and_one_that_answers_again_comes_back()
    {
        Table.Observe(ContactObservation.Answered(Contact(1)));
        Table.Observe(ContactObservation.Answered(Contact(2)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Count == 2);

        Table.Observe(ContactObservation.Failed(Contact(1)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Count == 1);
        Assert.Equal([Contact(2)], Table.Snapshot.Contacts);

        Table.Observe(ContactObservation.Answered(Contact(1)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Contacts.Contains(Contact(1)) && Log.Added.Count == 3);
    }

    [Fact]
    public async Task Observations_of_one_contact_count_in_their_order()
    {
        Table.Observe(ContactObservation.Answered(Contact(1)));
        Table.Observe(ContactObservation.Failed(Contact(1)));
        Table.Observe(ContactObservation.Answered(Contact(2)));
        Table.Observe(ContactObservation.Failed(Contact(2)));
        Table.Observe(ContactObservation.Answered(Contact(2)));

        await Eventually.IsTrueAsync(() => Log.Added.Count == 3 && Table.Snapshot.Count == 1);
        Assert.Equal([Contact(2)], Table.Snapshot.Contacts);
    }

    [Fact]
    public async Task A_contact_that_was_lost_is_named_a_minute_later_until_it_answers()
    {
        Assert.Equal((0, false), ((await TakeFormerAsync()).Due.Count, Table.HasHadContacts));
        Table.Observe(ContactObservation.Answered(Contact(1)));
        Table.Observe(ContactObservation.Answered(Contact(2)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Count == 2);
        Table.Observe(ContactObservation.Failed(Contact(1)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Count == 1);
        Assert.Empty((await TakeFormerAsync()).Due);

        await Host.AdvanceAsync(FormerContacts.ShortestPause);
        Assert.Equal([Contact(1)], (await TakeFormerAsync()).Due);
        Table.Observe(ContactObservation.Answered(Contact(1)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Count == 2);
        Assert.NotNull((await TakeFormerAsync()).ApartSince);
        Assert.Null((await TakeFormerAsync()).ApartSince);
    }

    [Fact]
    public async Task Contacts_that_answered_once_and_left_do_not_count_as_had_and_others_do_after_they_were_lost()
    {
        Table.Observe(ContactObservation.Answered(Contact(1)));
        Table.Observe(ContactObservation.Answered(Contact(2)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Count == 2);
        Assert.False(await HasHadAsync());
        Table.Observe(ContactObservation.Failed(Contact(1)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Count == 1);
        Assert.False(await HasHadAsync());

        await Host.AdvanceAsync(FormerContacts.LastingLife);
        Table.Observe(ContactObservation.Answered(Contact(2)));
        await Eventually.BecomesAsync(HasHadAsync, () => "HasHadContacts");
        Table.Observe(ContactObservation.Failed(Contact(2)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Count == 0);
        Assert.True(await HasHadAsync());

        Table.Observe(ContactObservation.Dropped(Contact(2)));
        await Eventually.BecomesAsync(async () => !await HasHadAsync(), () => "HasHadContacts");

        async Task<bool> HasHadAsync()
        {
            await TakeFormerAsync();
            return Table.HasHadContacts;
        }
    }

    private async Task<FormerContactsNews> TakeFormerAsync() => await Table.TakeFormerAsync(CancellationToken.None);

    [Fact]
    public async Task A_newcomer_to_a_full_bucket_has_the_least_recently_seen_contact_checked_and_takes_its_place()
    {
        var contacts = Enumerable.Range(1, Options.BucketSize).Select(Contact).ToList();
        contacts.ForEach(contact => Table.Observe(ContactObservation.Answered(contact)));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Count == contacts.Count);

        await Host.AdvanceAsync(KBucket.FreshFor);
        var newcomer = Contact(100);
        Table.Observe(ContactObservation.Answered(newcomer));
        await Eventually.IsTrueAsync(() => Log.Checks.Count > 0);
        Assert.Equal([contacts[0]], Log.Checks);
        Assert.DoesNotContain(newcomer, Table.Snapshot.Contacts);

        Table.Observe(ContactObservation.Failed(contacts[0]));
        await Eventually.IsTrueAsync(() => Table.Snapshot.Contacts.Contains(newcomer) && Log.Added.Contains(newcomer));
        Assert.DoesNotContain(contacts[0], Table.Snapshot.Contacts);
    }

    [Fact]
    public async Task The_own_id_lookups_and_failures_of_strangers_are_taken_and_change_no_contact()
    {
        Table.Observe(ContactObservation.Answered(Contact(1) with { Id = OwnId }));
        Table.Observe(ContactObservation.LookedUp(Contact(1).Id));
        Table.Observe(ContactObservation.LookedUp(OwnId));
        Table.Observe(ContactObservation.Failed(Contact(3)));
        Table.Observe(ContactObservation.Answered(Contact(2)));

        await Eventually.IsTrueAsync(() => Table.Snapshot.Count > 0 && Log.Added.Count > 0);
        Assert.Equal([Contact(2)], Table.Snapshot.Contacts);
        Assert.Equal([Contact(2)], Log.Added);
        Assert.Empty(Log.Checks);
    }

    [Fact]
    public async Task Observations_from_many_threads_all_count()
    {
        var contacts = Enumerable.Range(1, Options.BucketSize).Select(Contact).ToList();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => contacts.ForEach(contact =>
        {
            Table.Observe(ContactObservation.LookedUp(contact.Id));
            Table.Observe(ContactObservation.Answered(contact));
        }))));

        await Eventually.IsTrueAsync(() => Table.Snapshot.Count == contacts.Count && Log.Added.Count == contacts.Count);
        Assert.Equal(contacts.ToHashSet(), Table.Snapshot.Contacts.ToHashSet());
    }

    /// <summary>A contact of a subnet of its own, in the half of the space that is not the own id's.</summary>
    protected static Contact Contact(int number)
    {
        var id = new byte[NodeId.Length];
        (id[0], id[1], id[^1]) = (0x80, (byte)number, 7);
        return new Contact(new NodeId(id), UdpEndpoint.FromIPv4(0x0800_0001 + ((uint)number << 16), 4000));
    }
}

/// <summary>The place that routing tables live in. Disposal ends all of them.</summary>
public abstract class RoutingTableHost : IAsyncDisposable
{
    /// <summary>
    /// The empty table of a node, which follows <see cref="RoutingTableContract.Options"/> and has no bounds per subnet;
    /// <paramref name="log"/> follows it, and it takes observations.
    /// </summary>
    internal abstract ValueTask<IRoutingTable> OpenAsync(NodeId ownId, ListenerLog log);

    /// <summary>Moves the clock that the tables go by.</summary>
    public abstract ValueTask AdvanceAsync(TimeSpan by);

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Keeps what a routing table told.</summary>
public sealed class ListenerLog
{
    private readonly ConcurrentQueue<Contact> _added = new();
    private readonly ConcurrentQueue<Contact> _checks = new();

    public IReadOnlyCollection<Contact> Added => _added;

    public IReadOnlyCollection<Contact> Checks => _checks;

    internal void Follow(IRoutingTable table)
    {
        table.ContactAdded += _added.Enqueue;
        table.CheckNeeded += _checks.Enqueue;
    }
}
