namespace KadOrleans.Tests.Core;

public sealed class SeenEndpointsTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("1.0.0.1=9.9.9.9:1", "")]
    [InlineData("1.0.0.1=9.9.9.9:1 1.0.1.1=9.9.9.9:1", "9.9.9.9:1")]
    [InlineData("1.0.0.1=9.9.9.9:1 1.0.0.2=9.9.9.9:1", "")]
    [InlineData("1.0.0.1=9.9.9.9:1 1.0.1.1=9.9.9.9:1 1.0.2.1=8.8.8.8:1", "9.9.9.9:1")]
    [InlineData("1.0.0.1=9.9.9.9:1 1.0.1.1=9.9.9.9:1 1.0.2.1=8.8.8.8:1 1.0.3.1=8.8.8.8:1", "")]
    [InlineData("1.0.0.1=9.9.9.9:1 1.0.1.1=9.9.9.9:2 1.0.2.1=9.9.9.9:3", "")]
    [InlineData("1.0.0.1=9.9.9.9:1 1.0.1.1=9.9.9.9:1 1.0.2.1=[2a00::1]:1 1.0.3.1=[2a00::1]:1", "9.9.9.9:1 [2a00::1]:1")]
    public void Two_networks_and_more_than_half_of_all_have_to_agree(string answers, string expected) =>
        Assert.Equal(expected, string.Join(' ', SeenEndpoints.AgreedOn(Parse(answers), withPort: true)));

    [Fact]
    public void An_address_is_agreed_on_also_where_each_sees_another_port() => Assert.Equal(
        [UdpEndpoint.Parse("9.9.9.9:0")],
        SeenEndpoints.AgreedOn(Parse("1.0.0.1=9.9.9.9:1 1.0.1.1=9.9.9.9:2 1.0.2.1=9.9.9.9:3"), withPort: false));

    private static IEnumerable<(UdpEndpoint Witness, UdpEndpoint Seen)> Parse(string answers) =>
        answers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(answer => answer.Split('='))
            .Select(parts => (UdpEndpoint.Parse($"{parts[0]}:8468"), UdpEndpoint.Parse(parts[1])));
}
