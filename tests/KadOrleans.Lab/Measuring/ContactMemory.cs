namespace KadOrleans.Lab;

/// <summary>What a contact takes of the heap: its place in the table, its history, its share of the snapshot.</summary>
internal static class ContactMemory
{
    private const int Tables = 20;

    public static void Print()
    {
        foreach (var offered in (int[])[100, 1_000, 5_000])
        {
            var contacts = SampleNetwork.CreateContacts(offered);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var tables = Enumerable.Range(0, Tables).Select(_ => SampleNetwork.CreateLocalTable(contacts)).ToArray();
            var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
            var held = tables.Sum(table => table.Snapshot.Count);
            Console.WriteLine($"{offered} contacts offered, {held / Tables} held: {bytes / (double)held:F0} bytes for each");
        }
    }
}
