using System.Reflection;
using KadOrleans.Core;
using KadOrleans.Node;
using KadOrleans.Storage.Sqlite.Hosting;
using KadOrleans.Testing;
using KadOrleans.Transport.Udp.Hosting;
using KadOrleans.Wire;

namespace KadOrleans.Cli.Tests.Library;

/// <summary>A change of what packages show is a change of docs/api.</summary>
public sealed class PublicApiTests
{
    public static TheoryData<Assembly> Packages =>
    [
        typeof(IDht).Assembly,
        typeof(NodeId).Assembly,
        typeof(MessageId).Assembly,
        typeof(KadNode).Assembly,
        typeof(UdpKadNodeBuilderExtensions).Assembly,
        typeof(SqliteKadNodeBuilderExtensions).Assembly,
        Assembly.Load("KadOrleans.SqliteFiles"),
    ];

    [Theory]
    [MemberData(nameof(Packages), DisableDiscoveryEnumeration = true)]
    public void The_public_surface_is_as_the_baseline_has_it(Assembly package) => PublicApi.AssertUnchanged(package);
}
