namespace KadOrleans.Tests.Core;

public sealed class CallIdsTests
{
    [Fact]
    public void An_id_is_of_the_callers_id_and_of_the_value_and_none_of_none()
    {
        var (one, other) = (CallIds.Of(7, 1), CallIds.Of(7, 2));
        Assert.Equal(one, CallIds.Of(7, 1));
        Assert.Equal(4, new HashSet<long> { one, other, CallIds.Of(8, 1), 0 }.Count);
        Assert.Equal(0, CallIds.Of(0, 1));

        // That which would be none is the caller's own.
        var mixing = 1 ^ CallIds.Of(1, 5);
        Assert.Equal(mixing, CallIds.Of(mixing, 5));
    }
}
