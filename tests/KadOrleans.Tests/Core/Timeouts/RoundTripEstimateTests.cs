namespace KadOrleans.Tests.Core;

public sealed class RoundTripEstimateTests
{
    [Fact]
    public void A_steady_round_trip_brings_the_timeout_near_to_it()
    {
        var estimate = default(RoundTripEstimate);
        for (var i = 0; i < 50; i++)
        {
            estimate = estimate.With(TimeSpan.FromMilliseconds(300));
        }

        Assert.InRange(estimate.Timeout, TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(310));
        Assert.InRange(estimate.RetryTimeout, TimeSpan.FromMilliseconds(600), TimeSpan.FromMilliseconds(620));
    }

    [Fact]
    public void Timeouts_stay_within_their_bounds()
    {
        var quick = default(RoundTripEstimate).With(TimeSpan.FromMicroseconds(80));
        var endless = default(RoundTripEstimate).With(TimeSpan.FromSeconds(60));

        Assert.Equal(RoundTripEstimate.MinTimeout, quick.Timeout);
        Assert.Equal(RoundTripEstimate.MinRetryTimeout, quick.RetryTimeout);
        Assert.Equal(RoundTripEstimate.MaxTimeout, endless.Timeout);
        Assert.Equal(RoundTripEstimate.MaxTimeout, endless.RetryTimeout);
    }

    [Fact]
    public void An_unsteady_round_trip_widens_the_timeout()
    {
        var estimate = default(RoundTripEstimate);
        for (var i = 0; i < 100; i++)
        {
            estimate = estimate.With(TimeSpan.FromMilliseconds(i % 2 == 0 ? 100 : 500));
        }

        Assert.True(estimate.Timeout > TimeSpan.FromMilliseconds(700));
    }
}
