using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Orleans' own table of members in memory, which its test clusters have. Its calls are done when they return.</summary>
internal static class MemberTable
{
    private static readonly Type Kind =
        typeof(InProcessTestCluster).Assembly.GetType("Orleans.TestingHost.InProcess.InProcessMembershipTable", throwOnError: true)!;

    /// <summary>A table of this version with some rows; without rows its version is 0.</summary>
    public static IMembershipTable Of(int version, params (SiloAddress Silo, SiloStatus Status)[] rows) =>
        Of(version, rows.Select(row => new MembershipEntry { SiloAddress = row.Silo, Status = row.Status }));

    public static IMembershipTable Of(int version, IEnumerable<MembershipEntry> rows)
    {
        var table = (IMembershipTable)Activator.CreateInstance(Kind, "kad")!;
        foreach (var row in rows)
        {
            Add(table, row, version);
        }

        return table;
    }

    public static MembershipTableData Read(IMembershipTable table) => table.ReadAllAsync(CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Has another silo join, which raises the version by one.</summary>
    public static void Add(IMembershipTable table, SiloAddress silo) =>
        Add(table, new MembershipEntry { SiloAddress = silo, Status = SiloStatus.Active }, Read(table).Version.Version + 1);

    private static void Add(IMembershipTable table, MembershipEntry row, int version) => Assert.True(
        table.InsertRowAsync(row, new TableVersion(version, Read(table).Version.VersionEtag), CancellationToken.None).GetAwaiter().GetResult());
}
