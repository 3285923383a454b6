using Microsoft.AspNetCore.Http;

namespace KadOrleans.Tests.Cli;

public sealed class HostNamesTests
{
    // An address without a port is a pod's, as a probe sends it. Without a host a request is one of HTTP/1.0: no browser's.
    [Fact]
    public void Addresses_and_localhost_are_always_allowed() => AssertAllows(
        true,
        HostNames.None,
        "127.0.0.1:8080", "192.0.2.7", "0.0.0.0:8080", "[::1]:8080", "[2001:db8::7]", "[::ffff:192.0.2.7]:80",
        "localhost", "LOCALHOST:8080", "localhost.:8080", "");

    [Fact]
    public void Other_hosts_are_refused() => AssertAllows(
        false,
        HostNames.None,
        "evil.example.com", "evil.example.com:8080", "localhost.example.com", "127.0.0.1.example.com", "127.1", "2130706433", "0x7f.0.0.1",
        "0177.0.0.1", "[::1", "[example]", "[127.0.0.1]");

    [Fact]
    public void Names_in_the_list_are_allowed_in_any_case_and_with_any_port()
    {
        var hosts = new HostNames(["kad.example.org", "kad-dashboard"]);
        AssertAllows(true, hosts, "kad.example.org", "KAD.example.org:8080", "kad-dashboard:80", "kad.example.org.");
        AssertAllows(false, hosts, "example.org", "a.kad.example.org", "kad-dashboard.kad");
    }

    [Fact]
    public void A_list_with_anything_else_is_refused() => Assert.All(
        [
            "kad.example.org:8080", "http://kad.example.org", "https://", "https://kad.example.org/", "https://kad.example.org:8443", "https://192.0.2.7",
            "https://https://kad.example.org", "*.example.org", "*", "kad example", "kad.example.org.", "käd.example.org",
            "192.0.2.7", "::1", "",
        ],
        name => Assert.False(HostNames.IsEntry(name), name));

    [Fact]
    public void A_name_behind_https_is_one_that_browsers_ask_by_HTTPS()
    {
        Assert.All(["https://kad.example.org", "HTTPS://localhost"], entry => Assert.True(HostNames.IsEntry(entry), entry));
        var hosts = new HostNames(["https://kad.example.org", "kad-dashboard"]);

        AssertAllows(true, hosts, "kad.example.org", "kad-dashboard:80", "localhost");
        AssertAllows(false, hosts, "https", "example.org");
        Assert.All(["KAD.example.org", "kad.example.org:8443", "kad.example.org."], host => Assert.True(hosts.IsEncrypted(new HostString(host)), host));
        Assert.All(["kad-dashboard:80", "localhost", "192.0.2.7", ""], host => Assert.False(hosts.IsEncrypted(new HostString(host)), host));
    }

    private static void AssertAllows(bool expected, HostNames names, params string[] hosts) =>
        Assert.All(hosts, host => Assert.Equal((host, expected), (host, names.Allows(new HostString(host)))));
}
