// SPDX-License-Identifier: BSD-3-Clause

// What an operation on a timer costs in Go: what core/runtime/timer_bench.h lists, by a goroutine
// with GOMAXPROCS=1, four times. "AfterFunc" and "NewTimer": as programs do it, through package
// time: the clock is read, and a new timer is allocated, that of NewTimer with its channel. "now":
// the functions below package time, on timers from a pool; only the clock is read. "given": the
// timers alone, each time is known.
//
// To be built with -gcflags=-complete=false: the functions that are linked by name have no body.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

const (
	waitingCount = 1024
	poolCount    = 4 * waitingCount
	yieldEvery   = waitingCount
	hourMs       = 3600 * 1000
)

// As package time and the runtime know it, up to Go 1.22.
type runtimeTimer struct {
	pp       uintptr
	when     int64
	period   int64
	f        func(any, uintptr)
	arg      any
	seq      uintptr
	nextwhen int64
	status   uint32
}

const timerNoStatus, timerRemoved = 0, 5

//go:linkname startTimer time.startTimer
func startTimer(*runtimeTimer)

//go:linkname stopTimer time.stopTimer
func stopTimer(*runtimeTimer) bool

//go:linkname resetTimer time.resetTimer
func resetTimer(*runtimeTimer, int64) bool

//go:linkname nanotime runtime.nanotime
func nanotime() int64

var (
	pool       [poolCount]runtimeTimer
	poolNext   uint32
	waiting    [waitingCount]*runtimeTimer
	countEach  int
	readsClock bool
	givenNs    int64  // now, as long as the clock is not read
	drawState  uint32 = 1
)

func cpuNs() float64 {
	const clockProcessCputimeId = 2
	var now syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockProcessCputimeId,
		uintptr(unsafe.Pointer(&now)), 0)
	return float64(now.Sec)*1e9 + float64(now.Nsec)
}

func draw(bound uint32) uint32 {
	drawState = drawState*1664525 + 1013904223
	return uint32(uint64(drawState) * uint64(bound) >> 32)
}

func measure(name string, operation func(count int)) {
	operation(countEach / 10)
	begin := cpuNs()
	operation(countEach)
	fmt.Printf("%s %.2f\n", name, (cpuNs()-begin)/float64(countEach))
}

// --- below package time

func never(any, uintptr) { panic("a timer of this program ran") }

// So long from now, as package time's when().
func later(ms uint32) int64 {
	d := int64(ms) * int64(time.Millisecond)
	if !readsClock {
		givenNs++
		return givenNs + d
	}
	t := nanotime() + d
	if t < 0 {
		t = 1<<63 - 1
	}
	return t
}

func start(ms uint32) *runtimeTimer {
	var t *runtimeTimer
	for {
		t = &pool[poolNext%poolCount]
		poolNext++
		if t.status == timerNoStatus || t.status == timerRemoved {
			break
		}
	}
	*t = runtimeTimer{when: later(ms), f: never}
	startTimer(t)
	return t
}

func createStop(count int) {
	for i := 0; i < count; i++ {
		stopTimer(start(hourMs))
	}
}

func reset(count int) {
	for i := 0; i < count; i++ {
		resetTimer(waiting[0], later(hourMs))
	}
}

func stopReset(count int) {
	for i := 0; i < count; i++ {
		stopTimer(waiting[0])
		resetTimer(waiting[0], later(hourMs))
	}
}

func churn(count int) {
	for i := 0; i < count; i++ {
		oldest := &waiting[i%waitingCount]
		stopTimer(*oldest)
		*oldest = start(hourMs)
		if i%yieldEvery == 0 {
			runtime.Gosched()
		}
	}
}

func churnAny(count int) {
	for i := 0; i < count; i++ {
		one := &waiting[draw(waitingCount)]
		stopTimer(*one)
		*one = start(hourMs + draw(hourMs))
		if i%yieldEvery == 0 {
			runtime.Gosched()
		}
	}
}

func stopAll(count int) {
	for _, t := range waiting[:count] {
		stopTimer(t)
	}
	runtime.Gosched() // and now they leave the heap
}

func measureBelow(how string) {
	measure("create+stop "+how, createStop)
	waiting[0] = start(hourMs)
	measure("reset "+how, reset)
	measure("stop+reset "+how, stopReset)
	stopAll(1)
	for i := range waiting {
		waiting[i] = start(hourMs)
	}
	measure("churn "+how, churn)
	measure("churn-any "+how, churnAny)
	stopAll(waitingCount)
}

// --- through package time

const hour = hourMs * time.Millisecond

func afterFunc(d time.Duration) *time.Timer { return time.AfterFunc(d, func() {}) }

func measurePackage(how string, create func(time.Duration) *time.Timer) {
	var waiting [waitingCount]*time.Timer
	measure("create+stop "+how, func(count int) {
		for i := 0; i < count; i++ {
			create(hour).Stop()
		}
	})
	one := create(hour)
	measure("reset "+how, func(count int) {
		for i := 0; i < count; i++ {
			one.Reset(hour)
		}
	})
	measure("stop+reset "+how, func(count int) {
		for i := 0; i < count; i++ {
			one.Stop()
			one.Reset(hour)
		}
	})
	one.Stop()
	for i := range waiting {
		waiting[i] = create(hour)
	}
	measure("churn "+how, func(count int) {
		for i := 0; i < count; i++ {
			oldest := &waiting[i%waitingCount]
			(*oldest).Stop()
			*oldest = create(hour)
			if i%yieldEvery == 0 {
				runtime.Gosched()
			}
		}
	})
	measure("churn-any "+how, func(count int) {
		for i := 0; i < count; i++ {
			one := &waiting[draw(waitingCount)]
			(*one).Stop()
			*one = create(hour + time.Duration(draw(hourMs))*time.Millisecond)
			if i%yieldEvery == 0 {
				runtime.Gosched()
			}
		}
	})
	for _, t := range waiting {
		t.Stop()
	}
	runtime.Gosched()
}

func main() {
	if len(os.Args) == 2 {
		countEach, _ = strconv.Atoi(os.Args[1])
	}
	if countEach <= 0 {
		fmt.Fprintf(os.Stderr, "usage: %s COUNT\n", os.Args[0])
		os.Exit(2)
	}
	runtime.GOMAXPROCS(1)
	givenNs = nanotime()
	createStop(countEach) // the monitor looks often at first
	measureBelow("given")
	readsClock = true
	measureBelow("now")
	measurePackage("AfterFunc", afterFunc)
	measurePackage("NewTimer", time.NewTimer)
}
