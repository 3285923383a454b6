namespace KadOrleans.Cluster.Tests.Grains;

public sealed class AuditPagesTests
{
    [Fact]
    public void The_last_entries_are_kept_and_a_restart_changes_nothing()
    {
        var stored = new Dictionary<int, AuditPageState>();
        var pages = new AuditPages(pageSize: 3, slots: 4);
        for (var i = 0; i < 100; i++)
        {
            var (slot, page) = pages.Plan(new AuditEntryState(default, "", "", $"{i}", true, ""));
            stored[slot] = page;
            pages.Set(slot, page);
            if (i % 7 == 0)
            {
                pages = new AuditPages(pageSize: 3, slots: 4);
                foreach (var (place, kept) in stored)
                {
                    pages.Set(place, kept);
                }
            }

            var read = pages.Read(1_000, null);
            Assert.Equal(Enumerable.Range(0, i + 1).Reverse().Take(9).Select(number => ((long)number, $"{number}")), read.Select(entry => (entry.Number, entry.Entry.Target)));
        }

        Assert.Equal([95L, 94L], pages.Read(2, 96).Select(entry => entry.Number));
        Assert.Empty(pages.Read(5, 0));
        Assert.Empty(new AuditPages(3, 4).Read(5, null));
    }
}
