using Microsoft.AspNetCore.Http;

namespace KadOrleans.Tests.Cli;

public sealed class HostNamesTests
{
    [Theory]
    [InlineData("127.0.0.1:8080")]
    [InlineData("192.0.2.7")] // a pod's, as a probe sends it
    [InlineData("0.0.0.0:8080")]
    [InlineData("[::1]:8080")]
    [InlineData("[2001:db8::7]")]
    [InlineData("[::ffff:192.0.2.7]:80")]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:8080")]
    [InlineData("localhost.:8080")]
    [InlineData("")] // HTTP/1.0: no browser
    public void Addresses_and_localhost_are_always_allowed(string host) => Assert.True(HostNames.None.Allows(new HostString(host)));

    [Theory]
    [InlineData("evil.example.com")]
    [InlineData("evil.example.com:8080")]
    [InlineData("localhost.example.com")]
    [InlineData("127.0.0.1.example.com")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("0177.0.0.1")]
    [InlineData("[::1")]
    [InlineData("[example]")]
    [InlineData("[127.0.0.1]")]
    public void Other_hosts_are_refused(string host) => Assert.False(HostNames.None.Allows(new HostString(host)));

    [Fact]
    public void Names_in_the_list_are_allowed_in_any_case_and_with_any_port()
    {
        var hosts = new HostNames(["kad.example.org", "kad-dashboard"]);
        Assert.All(["kad.example.org", "KAD.example.org:8080", "kad-dashboard:80", "kad.example.org."], host => Assert.True(hosts.Allows(new HostString(host))));
        Assert.All(["example.org", "a.kad.example.org", "kad-dashboard.kad"], host => Assert.False(hosts.Allows(new HostString(host))));
    }

    [Theory]
    [InlineData("kad.example.org:8080")]
    [InlineData("http://kad.example.org")]
    [InlineData("*.example.org")]
    [InlineData("*")]
    [InlineData("kad example")]
    [InlineData("kad.example.org.")]
    [InlineData("käd.example.org")]
    [InlineData("192.0.2.7")]
    [InlineData("::1")]
    [InlineData("")]
    public void A_list_with_anything_else_is_refused(string name) => Assert.False(HostNames.IsName(name));
}
