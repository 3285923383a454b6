namespace KadOrleans.Cluster.Tests.Edges;

public sealed class ClusterMaintenanceScheduleTests
{
    private static readonly NodeId Id = NodeId.FromKey("own");

    private readonly ClusterMaintenanceSchedule _schedule = new(Id);

    [Fact]
    public async Task Work_comes_out_as_tasks_in_its_order()
    {
        BucketRange[] buckets = [BucketRange.Whole.LowerHalf];
        Assert.True(_schedule.TryAccept(new RefreshBucketsWork(Id, buckets)));
        Assert.True(_schedule.TryAccept(new RandomWalkWork(Id)));
        Assert.True(_schedule.TryAccept(new RejoinWork(Id)));
        Assert.True(_schedule.TryAccept(new RepublishWork(Id, [Id])));

        var tasks = await TakeAsync(4);

        Assert.Equal(buckets, Assert.IsType<MaintenanceTask.RefreshBuckets>(tasks[0]).Buckets);
        Assert.IsType<MaintenanceTask.Walk>(tasks[1]);
        Assert.IsType<MaintenanceTask.Rejoin>(tasks[2]);
        Assert.Equal([Id], Assert.IsType<MaintenanceTask.RepublishKeys>(tasks[3]).Keys);
    }

    [Fact]
    public void Work_of_another_id_is_not_taken()
    {
        var other = NodeId.FromKey("other");
        EdgeWork[] work =
            [new RefreshBucketsWork(other, []), new RandomWalkWork(other), new RejoinWork(other), new RepublishWork(other, [Id])];
        Assert.All(work, one => Assert.False(_schedule.TryAccept(one)));
    }

    [Fact]
    public async Task What_is_too_much_is_not_taken_until_some_was_done()
    {
        for (var i = 0; i < ClusterMaintenanceSchedule.Capacity; i++)
        {
            Assert.True(_schedule.TryAccept(new RandomWalkWork(Id)));
        }

        Assert.False(_schedule.TryAccept(new RejoinWork(Id)));

        await TakeAsync(1);
        Assert.True(_schedule.TryAccept(new RejoinWork(Id)));
    }

    [Fact]
    public async Task Republishing_is_taken_beside_other_work_and_its_keys_count_until_they_are_sent()
    {
        var full = new RepublishWork(Id, [.. Enumerable.Repeat(Id, RepublishWork.MaxKeys)]);
        const int Pieces = ClusterMaintenanceSchedule.RepublishCapacity / RepublishWork.MaxKeys;
        for (var i = 0; i < Pieces; i++)
        {
            Assert.True(_schedule.TryAccept(full));
        }

        Assert.False(_schedule.TryAccept(new RepublishWork(Id, [Id])));
        Assert.True(_schedule.TryAccept(new RandomWalkWork(Id)));
        var tasks = await TakeAsync(Pieces);
        Assert.False(_schedule.TryAccept(new RepublishWork(Id, [Id])));

        Assert.IsType<MaintenanceTask.RepublishKeys>(tasks[0]).Ended();
        Assert.True(_schedule.TryAccept(full));
        Assert.False(_schedule.TryAccept(new RepublishWork(Id, [Id])));
        Assert.False(_schedule.TryAccept(new RepublishWork(Id, [])));
    }

    private async Task<List<MaintenanceTask>> TakeAsync(int count)
    {
        var tasks = new List<MaintenanceTask>();
        await foreach (var task in _schedule.WatchAsync(CancellationToken.None))
        {
            tasks.Add(task);
            if (tasks.Count == count)
            {
                break;
            }
        }

        return tasks;
    }
}
