namespace KadOrleans.Grains;

// The last entries of an audit log, in a ring of pages. An entry's number gives its page, and the newest page replaces the oldest. So
// one write stores an entry, and nothing has to be deleted.
internal sealed class AuditPages(int pageSize, int slots)
{
    private readonly AuditPageState[] _pages = [.. Enumerable.Range(0, slots).Select(_ => new AuditPageState { First = -1 })];
    private long _next;

    public void Set(int slot, AuditPageState page)
    {
        _pages[slot] = page;
        _next = Math.Max(_next, page.First + page.Entries.Count);
    }

    /// <summary>The page to store so that the log has one entry more. <see cref="Set"/> takes it once it is stored.</summary>
    public (int Slot, AuditPageState Page) Plan(AuditEntryState entry)
    {
        var first = _next - (_next % pageSize);
        var slot = (int)(_next / pageSize % slots);
        return (slot, new AuditPageState { First = first, Entries = [.. _pages[slot].First == first ? _pages[slot].Entries : [], entry] });
    }

    /// <summary>The last entries before a number, or of all, newest first, with their numbers.</summary>
    public IReadOnlyList<(long Number, AuditEntryState Entry)> Read(int count, long? before)
    {
        // All but the page that is being filled: as many as the log promises.
        var oldest = _next - ((long)(slots - 1) * pageSize);
        return
        [
            .. _pages.Where(page => page.First >= 0).OrderByDescending(page => page.First)
                .SelectMany(page => page.Entries.Select((entry, i) => (Number: page.First + i, Entry: entry)).Reverse())
                .Where(entry => entry.Number >= oldest && !(entry.Number >= before))
                .Take(count),
        ];
    }
}

[GenerateSerializer]
[Alias("kad.AuditPageState")]
internal sealed class AuditPageState : IVersionedState
{
    [Id(0)]
    public int SchemaVersion { get; set; } = StateSchema.Version;

    [Id(1)]
    public long First { get; set; }

    /// <summary>In the order of their numbers, without gaps.</summary>
    [Id(2)]
    public List<AuditEntryState> Entries { get; set; } = [];
}

[GenerateSerializer(IncludePrimaryConstructorParameters = false)]
[Alias("kad.AuditEntryState")]
internal sealed record AuditEntryState(
    [property: Id(0)] DateTimeOffset Time,
    [property: Id(1)] string Who,
    [property: Id(2)] string Action,
    [property: Id(3)] string Target,
    [property: Id(4)] bool Succeeded,
    [property: Id(5)] string Result);
