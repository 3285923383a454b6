using System.Net.Sockets;
using KadOrleans.Core;

namespace KadOrleans.Transport.Udp.Tests;

public sealed class BindFailureTests
{
    [Theory]
    [InlineData("0.0.0.0:80", SocketError.AccessDenied, "this user has no permission to bind that port")]
    [InlineData("[::]:8468", SocketError.AddressFamilyNotSupported, "this system has no IPv6")]
    [InlineData("0.0.0.0:8468", SocketError.AddressFamilyNotSupported, "this system has no IPv4")]
    [InlineData("[::1]:8468", SocketError.AddressNotAvailable, "no interface of this machine has that address")]
    [InlineData("[::1]:8468", SocketError.AddressAlreadyInUse, "another socket of this machine holds that port")]
    public void A_refusal_names_the_endpoint_and_the_reason(string endpoint, SocketError error, string reason)
    {
        var failure = BindFailure.Explain(UdpEndpoint.Parse(endpoint), new SocketException((int)error));

        Assert.Equal($"Cannot listen on {endpoint}: {reason}.", failure.Message);
        Assert.IsType<SocketException>(failure.InnerException);
    }

    [Fact]
    public void An_unforeseen_refusal_is_named_by_its_code()
    {
        var failure = BindFailure.Explain(
            UdpEndpoint.Parse("127.0.0.1:1"), new SocketException((int)SocketError.TooManyOpenSockets));

        Assert.Contains("TooManyOpenSockets", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith(").", failure.Message, StringComparison.Ordinal);
    }
}
