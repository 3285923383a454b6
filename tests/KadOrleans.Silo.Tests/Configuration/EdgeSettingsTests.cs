using KadOrleans.Hosting.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Silo.Tests.Configuration;

/// <summary>The settings of an edge are checked whether or not the silo hosts one.</summary>
public sealed class EdgeSettingsTests
{
    [Theory]
    [InlineData("Kad:Edge:Enabld", "true")]
    [InlineData("Kad:Edge:Listen", "everywhere")]
    public void A_mistake_ends_start_up_of_a_silo_without_an_edge(string key, string value)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kad:Storage"] = "AdoNet",
            [key] = value,
        }).Build();
        var mistake = Assert.Throws<OptionsValidationException>(() => KadSettings.ReadSilo(configuration));

        Assert.Contains(key, Assert.Single(mistake.Failures), StringComparison.Ordinal);
    }
}
