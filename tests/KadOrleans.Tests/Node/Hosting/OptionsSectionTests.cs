using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tests.Node;

/// <summary>A node's options as a section of the configuration has them.</summary>
public sealed class OptionsSectionTests
{
    [Theory]
    [InlineData("Kad:Bootstap:0", "127.0.0.1:1", "Kad:Bootstap is not a setting; ", "Kad:Id, Kad:Bootstrap, ", " Did you mean 'Kad:Bootstrap'?")]
    [InlineData("Kad:Quota:TotalKey", "5", "Kad:Quota:TotalKey is not a setting; ", "Kad:Quota:TotalKeys", " Did you mean 'Kad:Quota:TotalKeys'?")]
    [InlineData("Kad:Quota", "5", "Kad:Quota is '5'; it is a section, of ", "Kad:Quota:TotalKeys", ".")]
    [InlineData("Kad:ClientOnly:0", "true", "Kad:ClientOnly:0 is not a setting; ", "Kad:ClientOnly", " is.")]
    [InlineData("Kad:Bootstrap:0:Host", "127.0.0.1:1", "Kad:Bootstrap:0:Host is not a setting; ", "Kad:Bootstrap:0", " is.")]
    [InlineData("Kad:Trust:first", "10.0.0.0/8", "Kad:Trust:first is not a setting; ", "Kad:Trust", " is.")]
    [InlineData("Kad:MaxPublications", "many", "Kad:MaxPublications is 'many'; ", "a whole number", " is needed.")]
    [InlineData("Kad:MaxPublications", "", "Kad:MaxPublications is ''; ", "a whole number", " is needed.")]
    [InlineData("Kad:RepublishRate", "fast", "Kad:RepublishRate is 'fast'; ", "a number", " is needed.")]
    [InlineData("Kad:ClientOnly", "maybe", "Kad:ClientOnly is 'maybe'; ", "true or false", " is allowed.")]
    [InlineData("Kad:Kademlia:ValueTimeToLive", "300", "Kad:Kademlia:ValueTimeToLive is '300'; ", "a time such as 00:00:10", " would be days.")]
    [InlineData("Kad:Limits:PerSource:Burst", "x", "Kad:Limits:PerSource:Burst is 'x'; ", "a number", " is needed.")]
    [InlineData("Kad:MaxPublications", "-1", "Kad:MaxPublications is -1; ", "0 to 1", " is allowed.")]
    [InlineData("Kad:Id", "abc", "Kad:Id is 'abc'; ", "40 hexadecimal digits", " are needed.")]
    [InlineData("Kad:Bootstrap", "nowhere", "Kad:Bootstrap: ", "nowhere", ".")]
    [InlineData("Kad:Limits:PerSource:PerSecond", "0", "Kad:Limits:PerSource:PerSecond is 0; ", "a number above 0", " is needed.")]
    public void A_wrong_setting_is_named_with_its_section(string key, string value, string start, string middle, string end)
    {
        var problem = Assert.Single(FindProblems(Settings((key, value)).GetSection("Kad")));
        Assert.StartsWith(start, problem, StringComparison.Ordinal);
        Assert.Contains(middle, problem, StringComparison.Ordinal);
        Assert.EndsWith(end, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_wrong_key_has_its_sentence() => Assert.Equal(
        ["Kad:Bootstap", "Kad:Trusted"],
        FindProblems(Settings(("Kad:Bootstap:0", "127.0.0.1:1"), ("Kad:Trusted:0", "10.0.0.0/8")).GetSection("Kad")).Select(problem => problem.Split(' ')[0]));

    /// <summary>Else a slip in its name would start a node with the defaults, which joins nothing.</summary>
    [Fact]
    public void A_section_that_is_not_there_is_refused()
    {
        var problem = Assert.Single(FindProblems(Settings(("Kad:Bootstrap:0", "127.0.0.1:1")).GetSection("Nodes:Kda")));
        Assert.StartsWith("Nodes:Kda is not in the configuration, from which AddKadNode takes Nodes:Kda:Id, ", problem, StringComparison.Ordinal);
        Assert.EndsWith("; set one, or call AddKadNode() for the defaults.", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_section_that_is_there_and_empty_is_taken_and_so_is_one_that_comes_after_the_call()
    {
        using var json = new MemoryStream(Encoding.UTF8.GetBytes("""{ "Kad": {} }"""));
        Assert.Empty(FindProblems(new ConfigurationBuilder().AddJsonStream(json).Build().GetSection("Kad")));

        var later = new ConfigurationManager();
        using var services = Services(later.GetSection("Kad"));
        later["Kad:MaxPublications"] = "7";
        Assert.Equal(7, services.GetRequiredService<IOptions<KadNodeOptions>>().Value.MaxPublications);
    }

    [Fact]
    public void A_list_is_an_array_or_one_text_with_commas()
    {
        var settings = Settings(("Kad:Bootstrap", "127.0.0.1:1, 127.0.0.1:2"), ("Kad:Trust:0", "10.0.0.0/8"));
        using var services = Services(settings.GetSection("Kad"));
        var options = services.GetRequiredService<IOptions<KadNodeOptions>>().Value;
        Assert.Equal(["127.0.0.1:1", "127.0.0.1:2"], options.Bootstrap);
        Assert.Equal(["10.0.0.0/8"], options.Trust);
    }

    /// <summary>The binder takes it for 0, a bound of 0 or no object.</summary>
    [Fact]
    public void A_null_is_a_setting_that_is_not_given()
    {
        const string Text = """
            { "Kad": {
              "Quota": { "TotalKeys": null }, "Kademlia": { "BucketSize": null }, "Limits": null, "Bootstrap": [null], "Trust": null,
              "MaxPublications": null, "ChangesWithoutToken": null, "RepublishRate": null, "ClientOnly": null } }
            """;
        using var json = new MemoryStream(Encoding.UTF8.GetBytes(Text));
        var later = new ConfigurationBuilder().AddInMemoryCollection([new("Kad:MaxPublications", "7"), new("Kad:Upload:Total", "16384")]).AddJsonStream(json);
        using var services = Services(later.Build().GetSection("Kad"));
        var (options, defaults) = (services.GetRequiredService<IOptions<KadNodeOptions>>().Value, new KadNodeOptions());

        Assert.Equal((defaults.Quota.TotalKeys, defaults.Kademlia.BucketSize), (options.Quota.TotalKeys, options.Kademlia.BucketSize));
        Assert.Equal((defaults.MaxPublications, defaults.ChangesWithoutToken), (options.MaxPublications, options.ChangesWithoutToken));
        Assert.Equal((defaults.Limits.PerSource, defaults.RepublishRate), (options.Limits.PerSource, options.RepublishRate));
        Assert.Empty(options.Bootstrap.Concat(options.Trust));
        Assert.Equal(16_384, options.Upload.Total);
    }

    private static IConfiguration Settings(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();

    private static ServiceProvider Services(IConfiguration section)
    {
        var services = new ServiceCollection();
        services.AddKadNode(section);
        return services.BuildServiceProvider();
    }

    private static IEnumerable<string> FindProblems(IConfiguration section)
    {
        using var services = Services(section);
        try
        {
            _ = services.GetRequiredService<IOptions<KadNodeOptions>>().Value;
            return [];
        }
        catch (OptionsValidationException mistake)
        {
            return mistake.Failures;
        }
    }
}
