using System.Reflection;
using KadOrleans.Core;
using KadOrleans.Node;
using KadOrleans.Storage.Sqlite;
using KadOrleans.Testing;
using KadOrleans.Transport.Udp;
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
        typeof(UdpTransport).Assembly,
        typeof(SqliteDatabase).Assembly,
    ];

    [Theory]
    [MemberData(nameof(Packages), DisableDiscoveryEnumeration = true)]
    public void The_public_surface_is_as_the_baseline_has_it(Assembly package)
    {
        var baseline = $"docs/api/{package.GetName().Name}.txt";

        var differences = PublicApi.Compare(package, baseline);

        Assert.True(differences is [], $"""
            The public surface differs from {baseline}. Run the tests with KAD_UPDATE_API=true, and tell users in CHANGELOG.md.
            {string.Join('\n', differences)}
            """);
    }
}
