namespace KadOrleans.Cluster.Tests.Edges;

public sealed class ObservationQueueTests
{
    private static readonly RoutingTableSnapshot TwoBuckets = new(
        NodeId.MinValue, 1, [], [new BucketRoom(BucketRange.Whole.LowerHalf, true), new BucketRoom(BucketRange.Whole.UpperHalf, true)]);

    [Fact]
    public void The_oldest_go_when_too_many_wait_and_are_counted()
    {
        var queue = new ObservationQueue(capacity: 10, batchSize: 256);
        for (var i = 0; i < 25; i++)
        {
            queue.Add(ContactObservation.Answered(Contact(i)), TwoBuckets);
        }

        Assert.Equal(15, queue.Dropped);
        Assert.Equal(Enumerable.Range(15, 10).Select(Contact), queue.Take().Select(observation => observation.Contact));
    }

    [Fact]
    public void Lookups_in_one_bucket_count_once_and_with_their_latest_target()
    {
        var queue = new ObservationQueue(capacity: 10, batchSize: 256);
        for (var i = 0; i < 1_000; i++)
        {
            queue.Add(ContactObservation.LookedUp(StoredValues.Key(i)), TwoBuckets);
        }

        var batch = queue.Take();
        Assert.Equal(2, batch.Count);
        Assert.Single(batch, observation => BucketRange.Whole.LowerHalf.Contains(observation.Contact.Id));
        Assert.Contains(batch, observation => observation.Contact.Id == StoredValues.Key(999));
        Assert.Equal(0, queue.Dropped);
        Assert.Empty(queue.Take());
    }

    [Fact]
    public void An_answer_counts_once_until_it_was_taken_or_a_failure_came_between()
    {
        var queue = new ObservationQueue(capacity: 10, batchSize: 256);
        var answered = ContactObservation.Answered(Contact(1));
        var failed = ContactObservation.Failed(Contact(1));
        foreach (var observation in new[] { answered, answered, failed, failed, answered, answered })
        {
            queue.Add(observation, TwoBuckets);
        }

        Assert.Equal([answered, failed, failed, answered], queue.Take());
        queue.Add(answered, TwoBuckets);
        Assert.Equal([answered], queue.Take());
    }

    [Fact]
    public void Batches_are_bounded_and_the_signals_say_what_waits()
    {
        var queue = new ObservationQueue(capacity: 100, batchSize: 4);
        Assert.False(queue.Any.IsCompleted || queue.Full.IsCompleted);
        for (var i = 0; i < 5; i++)
        {
            queue.Add(ContactObservation.Failed(Contact(i)), TwoBuckets);
        }

        queue.Add(ContactObservation.LookedUp(StoredValues.Key(1)), TwoBuckets);
        Assert.True(queue.Any.IsCompleted && queue.Full.IsCompleted);

        Assert.Equal(4, queue.Take().Count);
        Assert.True(queue.Any.IsCompleted);
        Assert.False(queue.Full.IsCompleted);
        Assert.Equal(2, queue.Take().Count);
        Assert.False(queue.Any.IsCompleted);
    }

    private static Contact Contact(int number) => new(StoredValues.Key(number), UdpEndpoint.FromIPv4(0x0800_0001 + (uint)number, 1));
}
