using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The settings of an edge are checked whether or not the silo hosts one.</summary>
public sealed class EdgeSettingsTests
{
    [Theory]
    [InlineData("Kad:Edge:Enabld", "true")]
    [InlineData("Kad:Edge:Listen", "everywhere")]
    public void A_mistake_ends_start_up_of_a_silo_without_an_edge(string key, string value)
    {
        var mistake = Assert.Throws<OptionsValidationException>(() => KadSettings.ReadSilo(Configure(("Kad:Storage", "AdoNet"), (key, value))));

        Assert.Contains(key, Assert.Single(mistake.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, "Local", true)]
    [InlineData(null, null, "AdoNet", false)]
    [InlineData(null, "false", "Local", false)]
    [InlineData(null, "true", "AdoNet", true)]
    [InlineData("Silo", null, "Local", false)]
    [InlineData("siloandedge", null, "AdoNet", true)]
    [InlineData("SiloAndEdge", "true", "AdoNet", true)]
    [InlineData("Silo", "false", "Local", false)]
    public void The_role_says_whether_a_silo_has_an_edge_and_without_one_Enabled_does(string? role, string? enabled, string storage, bool hasEdge)
    {
        var configuration = Configure(("Kad:Role", role), ("Kad:Edge:Enabled", enabled), ("Kad:Storage", storage));

        Assert.False(KadSettings.IsEdge(configuration));
        Assert.Equal(hasEdge, KadSettings.ReadSilo(configuration).HasEdge);
    }

    [Theory]
    [InlineData("Silo", "true", "Kad:Edge:Enabled is 'true'; with Kad:Role=Silo only false is allowed, or none.")]
    [InlineData("SiloAndEdge", "false", "Kad:Edge:Enabled is 'false'; with Kad:Role=SiloAndEdge only true is allowed, or none.")]
    public void Enabled_may_not_contradict_the_role(string role, string enabled, string sentence)
    {
        var mistake = Assert.Throws<OptionsValidationException>(
            () => KadSettings.ReadSilo(Configure(("Kad:Role", role), ("Kad:Edge:Enabled", enabled))));

        Assert.Equal(sentence, Assert.Single(mistake.Failures));
    }

    [Fact]
    public void An_edge_ignores_Enabled()
    {
        var configuration = Configure(("Kad:Role", " edge"), ("Kad:Edge:Enabled", "true"));

        Assert.True(KadSettings.IsEdge(configuration));
        Assert.Equal(ServerRole.Edge, KadSettings.ReadEdge(configuration).Role);
    }

    private static IConfiguration Configure(params (string Key, string? Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => s.Value)).Build();
}
