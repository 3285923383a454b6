using Microsoft.Extensions.Configuration;

namespace KadOrleans.Cluster.Tests.Providers;

public sealed class OidcSettingsTests
{
    [Theory]
    [InlineData("Kad:Http:Oidc:Audience=a", "Kad:Http:Oidc:Authority is missing; ")]
    [InlineData("Kad:Http:Oidc:Authority=login.example.org Kad:Http:Oidc:Audience=a", "Kad:Http:Oidc:Authority is 'login.example.org'; the "
        + "https:// address ")]
    [InlineData("Kad:Http:Oidc:Authority=http://login.example.org Kad:Http:Oidc:Audience=a", "Kad:Http:Oidc:Authority is "
        + "'http://login.example.org'; the https:// address ")]
    [InlineData("Kad:Http:Oidc:Authority=https://login.example.org", "Kad:Http:Oidc:Audience and Kad:Http:Oidc:ClientId are missing; ")]
    [InlineData(
        "Kad:Http:Oidc:Authority=https://login.example.org Kad:Http:Oidc:Audience=a Kad:Http:Oidc:ClientSecret=hush",
        "Kad:Http:Oidc:ClientId is missing; ")]
    [InlineData(
        "Kad:Http:Oidc:Authority=https://login.example.org Kad:Http:Oidc:Audience=a Kad:Http:Oidc:Role=b", "Kad:Http:Oidc:Role is not a setting; ")]
    public void A_wrong_setting_is_named(string settings, string sentence)
    {
        var mistake = Assert.Throws<OptionsValidationException>(() => Read(settings));

        Assert.StartsWith(sentence, Assert.Single(mistake.Failures), StringComparison.Ordinal);
        Assert.DoesNotContain("hush", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Roles_of_the_providers_own_names_give_scopes()
    {
        var oidc = Read("Kad:Http:Oidc:Authority=https://login.example.org Kad:Http:Oidc:ClientId=a Kad:Http:Oidc:Roles:Read=staff "
            + "Kad:Http:Oidc:Roles:View=staff").Http.Oidc!;

        Assert.Equal(["read", "view"], oidc.Roles.ScopesOf(["staff"]));
        Assert.Equal(["manage"], oidc.Roles.ScopesOf(["kad-manage", "kad-view", "others"]));
    }

    private static KadOptions Read(string settings) => KadSettings.ReadSilo(new ConfigurationBuilder()
        .AddInMemoryCollection(
            settings.Split(' ').Select(one => one.Split('=', 2)).Select(parts => KeyValuePair.Create(parts[0], (string?)parts[1]))).Build(),
        new KadProviders().Known);
}
