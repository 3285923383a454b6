using KadOrleans.Server.Full;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Full.Tests;

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

    [Fact]
    public void The_executable_with_every_provider_has_it_and_the_other_says_that_it_lacks_it()
    {
        var oidc = new KadOidcOptions { Authority = "https://login.example.org", Audience = "a" };

        Assert.NotNull(new KadProviders(providers => providers.UseKadOidc()).RequireSignIn(oidc));
        Assert.Null(new KadProviders().RequireSignIn(null));
        Assert.StartsWith(
            "Kad:Http:Oidc:Authority is 'https://login.example.org', but kad-server lacks identity providers; ",
            Assert.Throws<OptionsValidationException>(() => new KadProviders().RequireSignIn(oidc)).Failures.Single(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void No_provider_replaces_another()
    {
        Assert.StartsWith("An identity provider is there already, by ", Twice(providers => providers.UseKadOidc()), StringComparison.Ordinal);
        Assert.StartsWith("TLS is there already, by ", Twice(providers => providers.UseKadTls()), StringComparison.Ordinal);
        Assert.StartsWith("The storage 'Redis' is there already, by ", Twice(providers => providers.UseKadRedis()), StringComparison.Ordinal);
        Assert.StartsWith(
            "The storage 'AzureStorage' is there already, by ", Twice(providers => providers.UseKadAzureStorage()), StringComparison.Ordinal);

        static string Twice(Func<KadProviders, KadProviders> use) =>
            Assert.Throws<InvalidOperationException>(() => new KadProviders(providers => use(use(providers)))).Message;
    }

    private static KadOptions Read(string settings) => KadSettings.ReadSilo(new ConfigurationBuilder()
        .AddInMemoryCollection(
            settings.Split(' ').Select(one => one.Split('=', 2)).Select(parts => KeyValuePair.Create(parts[0], (string?)parts[1]))).Build());
}
