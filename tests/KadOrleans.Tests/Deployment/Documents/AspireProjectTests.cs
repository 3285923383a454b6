using System.Xml.Linq;

namespace KadOrleans.Tests.Deployment;

/// <summary>The project of an app host that docs/aspire.md shows.</summary>
public sealed class AspireProjectTests
{
    [Fact]
    public void Its_SDK_is_that_of_the_sample()
    {
        var shown = XDocument.Parse(Regex.Match(Repository.Read("docs/aspire.md"), "```xml\n(.*?)```", RegexOptions.Singleline).Groups[1].Value);
        var sample = XDocument.Parse(Repository.Read("samples/AppHost/AppHost.csproj"));
        Assert.Equal(sample.Root!.Attribute("Sdk")!.Value, shown.Root!.Attribute("Sdk")!.Value);
    }
}
