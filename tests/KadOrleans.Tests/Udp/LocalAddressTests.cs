namespace KadOrleans.Tests.Udp;

public sealed class LocalAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:8468", true)]
    [InlineData("0.0.0.0:8468", true)]
    [InlineData("[::]:8468", true)]
    [InlineData("192.0.2.7:8468", false)]
    [InlineData("[2001:db8::7]:8468", false)]
    public void What_the_machine_does_not_have_is_a_problem(string endpoint, bool isThere) => Assert.Equal(
        isThere ? null : $"Nothing can be sent from {endpoint}: the machine does not have the address any more.",
        LocalAddress.FindProblem([UdpEndpoint.Parse("127.0.0.1:1"), UdpEndpoint.Parse(endpoint)]));
}
