namespace KadOrleans.Tests.Core;

public class CrawlPageTests
{
    private const int StatePlace = 3;
    private const int FormPlace = 4;

    private static readonly CrawlRecord Record = new()
    {
        Endpoint = UdpEndpoint.Parse("192.0.2.1:8468"),
        State = CrawlState.Visited,
        Id = new NodeId(new byte[NodeId.Length]),
        Form = AddressForm.Text,
        Contacts = 5,
    };

    [Theory]
    [InlineData(StatePlace, 77)]
    [InlineData(FormPlace, 9)]
    public void A_page_with_a_number_that_means_nothing_is_damaged(int place, byte number)
    {
        var page = CrawlPage.Encode([Record]);
        page[place] = number;

        Assert.Throws<InvalidDataException>(() => CrawlPage.Decode(page));
    }

    [Fact]
    public void A_page_with_a_negative_number_is_damaged()
    {
        Assert.Equal(5, Assert.Single(CrawlPage.Decode(CrawlPage.Encode([Record]))).Contacts);
        foreach (var wrong in new[] { Record with { Contacts = -1 }, Record with { Queries = -1 }, Record with { RoundTrip = TimeSpan.FromTicks(-1) } })
        {
            var page = CrawlPage.Encode([wrong]);
            Assert.Throws<InvalidDataException>(() => CrawlPage.Decode(page));
        }
    }

    [Fact]
    public void A_page_that_does_not_end_behind_its_records_is_damaged()
    {
        byte[] page = [.. CrawlPage.Encode([Record]), 0];

        Assert.Throws<InvalidDataException>(() => CrawlPage.Decode(page));
        Assert.Throws<InvalidDataException>(() => CrawlPage.Decode(page[..^2]));
    }
}
