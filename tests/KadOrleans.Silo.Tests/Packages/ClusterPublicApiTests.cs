using System.Reflection;
using KadOrleans.Client;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Hosting;
using KadOrleans.GrainStorage.Sqlite;
using KadOrleans.Testing;

namespace KadOrleans.Silo.Tests.Packages;

/// <summary>A change of what the packages of a cluster show is a change of docs/api.</summary>
public sealed class ClusterPublicApiTests
{
    public static TheoryData<Assembly> Packages =>
    [
        typeof(DhtClient).Assembly,
        typeof(ClusterSettings).Assembly,
        typeof(KadClusterOptions).Assembly,
        typeof(SqliteGrainStorageOptions).Assembly,
    ];

    [Theory]
    [MemberData(nameof(Packages), DisableDiscoveryEnumeration = true)]
    public void The_public_surface_is_as_the_baseline_has_it(Assembly package) => PublicApi.AssertUnchanged(package);
}
