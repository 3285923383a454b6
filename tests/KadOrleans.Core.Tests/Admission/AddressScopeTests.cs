using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Tests.Admission;

public class AddressScopeTests
{
    [Theory]
    [InlineData("127.0.0.1:1", "127.0.0.2:2", true)]
    [InlineData("[::1]:1", "127.0.0.2:2", true)]
    [InlineData("10.0.0.1:1", "127.0.0.1:2", false)]
    [InlineData("169.254.0.1:1", "[::1]:2", false)]
    [InlineData("8.8.8.8:1", "[::1]:2", false)]
    [InlineData("127.0.0.1:1", "169.254.0.1:2", true)]
    [InlineData("169.254.0.1:1", "[fe80::1]:2", true)]
    [InlineData("10.0.0.1:1", "169.254.0.1:2", false)]
    [InlineData("[2001:db8::1]:1", "[fe80::1]:2", false)]
    [InlineData("8.8.8.8:1", "10.0.0.1:2", false)]
    [InlineData("8.8.8.8:1", "172.31.0.1:2", false)]
    [InlineData("8.8.8.8:1", "192.168.0.1:2", false)]
    [InlineData("8.8.8.8:1", "100.64.0.1:2", false)]
    [InlineData("8.8.8.8:1", "100.127.255.255:2", false)]
    [InlineData("8.8.8.8:1", "100.128.0.1:2", true)]
    [InlineData("8.8.8.8:1", "192.0.2.1:2", false)]
    [InlineData("8.8.8.8:1", "192.0.0.8:2", false)]
    [InlineData("8.8.8.8:1", "192.0.3.1:2", true)]
    [InlineData("8.8.8.8:1", "198.51.100.1:2", false)]
    [InlineData("8.8.8.8:1", "198.19.0.1:2", false)]
    [InlineData("8.8.8.8:1", "198.20.0.1:2", true)]
    [InlineData("8.8.8.8:1", "203.0.113.1:2", false)]
    [InlineData("[2600::1]:1", "[2001:db8::1]:2", false)]
    [InlineData("[2600::1]:1", "[3fff:fff::1]:2", false)]
    [InlineData("[2600::1]:1", "[fd00::1]:2", false)]
    [InlineData("[2600::1]:1", "[2001:db9::1]:2", true)]
    [InlineData("[2600::1]:1", "[64:ff9b::a00:1]:2", false)]
    [InlineData("[2600::1]:1", "[64:ff9b:1::a00:1]:2", false)]
    [InlineData("[2600::1]:1", "[2002:a00:1::1]:2", false)]
    [InlineData("[fd00::1]:1", "[64:ff9b::808:808]:2", true)]
    [InlineData("[2002:808:808::1]:1", "10.0.0.1:2", false)]
    [InlineData("[2002:808:808::1]:1", "[2002:a00:1::1]:2", false)]
    [InlineData("[64:ff9b::808:808]:1", "10.0.0.1:2", false)]
    [InlineData("[64:ff9b::808:808]:1", "8.8.8.8:2", true)]
    [InlineData("192.0.2.1:1", "192.0.2.2:2", true)]
    [InlineData("192.0.2.1:1", "10.0.0.1:2", true)]
    [InlineData("10.0.0.1:1", "10.0.0.2:2", true)]
    [InlineData("10.0.0.1:1", "8.8.8.8:2", true)]
    [InlineData("127.0.0.1:1", "8.8.8.8:2", true)]
    public void Near_addresses_are_believed_from_near_sources_only(string heardFrom, string mentioned, bool allowed) =>
        Assert.Equal(allowed, AddressScope.Allows(UdpEndpoint.Parse(heardFrom), UdpEndpoint.Parse(mentioned)));
}
